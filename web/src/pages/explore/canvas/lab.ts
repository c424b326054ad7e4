// Colours by OKLab, in which equal distances look equal.

export type Lab = readonly [lightness: number, a: number, b: number];

/** Returns the channels of a colour in sRGB, 0 to 255; colours outside sRGB are clipped. */
export function channelsOf([lightness, a, b]: Lab): [number, number, number] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    channel(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    channel(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    channel(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

function channel(linear: number): number {
  const level = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
  return Math.round(255 * Math.min(1, Math.max(0, level)));
}

export function css(colour: Lab): string {
  return `rgb(${channelsOf(colour).join(", ")})`;
}

/** Returns the colour at a share (0 to 1) of the straight line between two colours. */
export function mixed(first: Lab, second: Lab, share: number): Lab {
  return [0, 1, 2].map((axis) => {
    const [start, end] = [first[axis] as number, second[axis] as number];
    return start + (end - start) * share;
  }) as unknown as Lab;
}
