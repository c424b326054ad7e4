import { expect, test } from "vitest";
import { toneOf } from "../src/pages/backfills/run";
import { symbol } from "../src/pages/explore/units";
import { reasonOf } from "../src/pages/status/health";

const INHERITED = Object.getOwnPropertyNames(Object.prototype);

test("units have the symbols that people write, and others stand for themselves", () => {
  expect(["degreesCelsius", "noUnits", "", "furlongs"].map(symbol)).toEqual(["°C", "", "", "furlongs"]);
});

test("words that every object inherits are words as any other", () => {
  expect(INHERITED).toContain("__proto__");
  for (const word of INHERITED) {
    expect(symbol(word)).toBe(word);
    expect(reasonOf(word)).toBe(word);
    expect(toneOf(word)).toBe("quiet");
  }
});
