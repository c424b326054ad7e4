import { expect, test } from "vitest";
import { toneOf } from "../src/pages/backfills/run";
import { symbol } from "../src/pages/explore/units";
import { reasonOf } from "../src/pages/status/health";

const INHERITED = Object.getOwnPropertyNames(Object.prototype);

test("units have symbols; unknown units are unchanged", () => {
  expect(["degreesCelsius", "noUnits", "", "furlongs"].map(symbol)).toEqual(["°C", "", "", "furlongs"]);
});

test("inherited property names are plain texts", () => {
  expect(INHERITED).toContain("__proto__");
  for (const word of INHERITED) {
    expect(symbol(word)).toBe(word);
    expect(reasonOf(word)).toBe(word);
    expect(toneOf(word)).toBe("quiet");
  }
});
