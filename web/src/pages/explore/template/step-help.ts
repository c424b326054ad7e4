import type { Followed } from "./use-template";

/** Returns the help of a step to other equipment, or why there is none: it loads, failed, or is not there. */
export function stepHelp(
  { kind, kindError, neighbour }: Pick<Followed, "kind" | "kindError" | "neighbour">,
  step: 1 | -1,
  use: string,
): string {
  if (neighbour(step) !== undefined) return use;
  if (kind) return "There is no other equipment of the kind";
  return kindError ? "The other equipment could not be loaded" : "The other equipment is loading";
}
