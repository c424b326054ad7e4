/** Returns the entry that a key moves to in a list of titles; undefined when the key does not move. */
export function optionByKey(titles: readonly string[], active: number, key: string): number | undefined {
  const last = titles.length - 1;
  switch (key) {
    case "ArrowDown":
      return Math.min(last, active + 1);
    case "ArrowUp":
      return Math.max(0, active - 1);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return key.length === 1 && key !== " " ? byLetter(titles, active, key.toLowerCase()) : undefined;
  }
}

/** Returns the next entry, from the active one on and around, that begins with a letter. */
function byLetter(titles: readonly string[], active: number, letter: string): number | undefined {
  for (let step = 1; step <= titles.length; step++) {
    const index = (active + step) % titles.length;
    if (titles[index]?.toLowerCase().startsWith(letter)) return index;
  }
  return undefined;
}
