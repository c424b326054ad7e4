import uPlot from "uplot";
import { expect, test } from "vitest";
import { type Column, isolatedRows, joinedTable } from "../src/pages/explore/data/table";
import { lineOf } from "./lines";

const SPAN = { from: 0, to: 60 };

/** Returns whole numbers below a limit, reproducible by their seed. */
function randomWholes(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
}

/** Returns a line of which about a third of the minutes have a row, and a fifth of the rows no value. */
function randomLine(below: (limit: number) => number) {
  const times = [...Array(61).keys()].filter(() => below(3) === 0);
  return lineOf({ times, values: times.map(() => (below(5) ? below(100) : Number.NaN)) });
}

const missing = (value: Column[number]) => value === null;

/** Returns the rows of the values that have no value on either side. */
function aloneIn(column: Column): number[] {
  const rows = [...column.keys()].filter((row) => column[row] !== undefined);
  const value = (index: number) => (rows[index] === undefined ? null : column[rows[index] as number]);
  return rows.filter(
    (_row, index) => !missing(value(index)) && missing(value(index - 1)) && missing(value(index + 1)),
  );
}

test("tables are joined as uPlot joins them", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const below = randomWholes(seed);
    const lines = Array.from({ length: below(4) + 1 }, () => randomLine(below));
    const tables = lines.map(({ times, values }): [number[], Column] => [
      times,
      values.map((value) => (Number.isNaN(value) ? null : value)),
    ]);
    const expected = uPlot.join([[[SPAN.from, SPAN.to]], ...tables], [[1], ...lines.map(() => [1, 2])]);
    expect(joinedTable(lines, SPAN)).toEqual(expected);
    for (const column of expected.slice(1) as Column[]) expect(isolatedRows(column)).toEqual(aloneIn(column));
  }
});
