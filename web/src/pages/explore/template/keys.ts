type Press = Pick<KeyboardEvent, "key" | "ctrlKey" | "altKey" | "metaKey">;

const STEPS: Record<string, 1 | -1> = { "[": -1, "]": 1 };
const FIELDS =
  "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=button], [type=submit])";

/** Returns the step of a key: [ to the previous equipment, ] to the next one. */
export function stepByKey({ key, ctrlKey, altKey, metaKey }: Press, isAltGraph = false): 1 | -1 | undefined {
  // Some keyboards write brackets with AltGr, which some systems report as Ctrl and Alt.
  if (metaKey || ((ctrlKey || altKey) && !isAltGraph)) return undefined;
  return Object.hasOwn(STEPS, key) ? STEPS[key] : undefined;
}

/** Whether keys write a text in the element. */
export function isField(element: EventTarget | null): boolean {
  return element instanceof HTMLElement && element.matches(FIELDS);
}
