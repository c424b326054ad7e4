// The keys of colours above a scatter or a carpet, drawn as the page lays them out.

const KEYS = ".view-bar .scale, .view-bar .hours-legend, .view-bar .states-legend";

/** Returns the boxes of the keys that are shown. */
export function keysOf(panel: Element): Element[] {
  return [...panel.querySelectorAll(KEYS)];
}

/** Draws a key: its texts and its colours. */
export function paintKey(ctx: CanvasRenderingContext2D, key: Element, font: string, colour: string): void {
  const frame = key.getBoundingClientRect();
  ctx.font = font;
  const walker = document.createTreeWalker(key, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const box = boxOf(node, frame);
    if (node instanceof HTMLElement && node.localName === "i") {
      ctx.fillStyle = fillOf(ctx, getComputedStyle(node), box);
      ctx.fillRect(box.x, box.y, box.width, box.height);
    } else if (node instanceof Text && box.width) {
      ctx.fillStyle = colour;
      ctx.fillText(node.data.trim(), box.x, box.y + box.height / 2, box.width);
    }
  }
}

function boxOf(node: Node, frame: DOMRect): DOMRect {
  const range = document.createRange();
  range.selectNode(node);
  const { x, y, width, height } =
    node instanceof Element ? node.getBoundingClientRect() : range.getBoundingClientRect();
  return new DOMRect(x - frame.x, y - frame.y, width, height);
}

/** Returns the colour of a mark, or its gradient from left to right. */
function fillOf(
  ctx: CanvasRenderingContext2D,
  { backgroundImage, backgroundColor }: CSSStyleDeclaration,
  { x, width }: DOMRect,
): string | CanvasGradient {
  const colours = backgroundImage.match(/rgb\([^)]*\)/g);
  if (!colours || colours.length < 2) return backgroundColor;
  const gradient = ctx.createLinearGradient(x, 0, x + width, 0);
  colours.forEach((colour, index) => {
    gradient.addColorStop(index / (colours.length - 1), colour);
  });
  return gradient;
}
