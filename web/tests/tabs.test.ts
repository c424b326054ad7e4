import { expect, test } from "vitest";
import { formatTabState, parseTabState, stateColour } from "../src/pages/explore/tabs/state";
import { tabByKey } from "../src/pages/explore/tabs/tabs";

const parse = (query: string) => parseTabState(new URLSearchParams(query));

test("lines are the default, and not in the address", () => {
  expect(parse("")).toEqual({ tab: "lines", x: "", y: "", swapped: false, colour: "hour", carpet: "" });
  expect(parse("view=cake&swap=yes&colour=pink").tab).toBe("lines");
  expect(formatTabState(parse("view=cake&swap=yes&colour=pink"))).toEqual([]);
});

test("an address returns what it was written from", () => {
  const states = [
    { tab: "scatter", x: "a & b", y: "hour", swapped: true, colour: "plain", carpet: "" },
    { tab: "carpet", x: "", y: "", swapped: false, colour: stateColour("a fan & co"), carpet: "plain" },
  ] as const;
  for (const state of states) {
    expect(parse(new URLSearchParams(formatTabState(state)).toString())).toEqual(state);
  }
});

test("keys move between the tabs", () => {
  expect(tabByKey("lines", "ArrowRight")).toBe("scatter");
  expect(tabByKey("carpet", "ArrowRight")).toBe("lines");
  expect(tabByKey("lines", "ArrowLeft")).toBe("carpet");
  expect(tabByKey("scatter", "End")).toBe("carpet");
  expect(tabByKey("scatter", "Home")).toBe("lines");
  expect(tabByKey("scatter", "x")).toBeUndefined();
});
