type Modifiers = Pick<KeyboardEvent, "ctrlKey" | "altKey" | "metaKey">;

/** Whether a key belongs to the browser or the system. */
export function isModified({ ctrlKey, altKey, metaKey }: Modifiers): boolean {
  return ctrlKey || altKey || metaKey;
}
