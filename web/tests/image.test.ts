import { describe, expect, test } from "vitest";
import { comparedName } from "../src/pages/explore/data/chosen";
import type { Line } from "../src/pages/explore/data/line";
import { imageName, itemsOf, keyItems, rangeText, rowsOf } from "../src/pages/explore/image/caption";
import { lineOf } from "./lines";

const FROM = Date.UTC(2026, 0, 1, 6);
const SPAN = { from: FROM, to: FROM + 3_600_000 };

describe("the caption of an image", () => {
  const lines = [
    { name: "a", label: "Main meter", unit: "kilowattHours", slot: 0, draw: "bars" },
    { name: "b", label: "Room", unit: "", slot: 11, draw: "line" },
    { name: "c", label: "Fan", unit: "", slot: 2, draw: "lane" },
  ].map((line) => lineOf(line as Partial<Line>));
  const texts = (...parameters: Parameters<typeof itemsOf>) => itemsOf(...parameters).map(({ text }) => text);

  test("points have their unit, their measure and their colour", () => {
    const plan = { measure: "increase", bucket: "15m", measured: ["a"] } as const;
    expect(itemsOf(lines, { ...plan, measured: ["a"] }, "raw")).toEqual([
      { text: "Main meter (kWh), increase per 15 minutes", slot: 0, faint: false },
      { text: "Room", slot: 11, faint: false },
      { text: "Fan", slot: 2, faint: false },
    ]);
  });

  test("means are named, also those of columns", () => {
    const plan = { measure: undefined, bucket: "1h", measured: ["a"] } as const;
    const [meter, room, fan] = lines as [Line, Line, Line];
    const all = [{ ...meter, aggregate: "last" as const }, room, fan];
    expect(texts(all, { ...plan, measured: ["a"] }, "1d")).toEqual([
      ...["Main meter (kWh), last reading per hour", "Room, mean per day", "Fan"],
    ]);
    expect(texts([room], { ...plan, measured: [] }, "raw")).toEqual(["Room"]);
  });

  test("compared lines have the measure of their points", () => {
    const compared = { ...(lines[0] as Line), name: comparedName("a"), label: "Main meter, a week earlier" };
    const plan = { measure: "increase", bucket: "1d", measured: ["a"] } as const;
    expect(itemsOf([{ ...compared, compared: true }], { ...plan, measured: ["a"] }, "raw")).toEqual([
      { text: "Main meter, a week earlier (kWh), increase per day", slot: 0, faint: true },
    ]);
  });

  test("items say what faint and hatched mean", () => {
    const bars = { ...lines[0], draw: "bars", partial: [2] } as Line;
    expect(keyItems(["1 day earlier, Wed 31 Dec 2025"], [bars]).map(({ text }) => text)).toEqual([
      ...["Faint: 1 day earlier, Wed 31 Dec 2025", "Hatched: not over"],
    ]);
    expect(keyItems([], [{ ...bars, partial: [] }])).toEqual([]);
  });

  test("the range has its zone, the file its times in UTC", () => {
    expect(rangeText(SPAN, "America/Chicago")).toBe("1 Jan 2026, 00:00–01:00, times in America/Chicago");
    expect(imageName("mill", SPAN)).toBe("mill-20260101T0600Z-20260101T0700Z.png");
  });
});

describe("rows of items", () => {
  test("an item that does not fit begins a row", () => {
    expect(rowsOf([40, 40, 40, 200, 10], 100, 10, 20)).toEqual({
      places: [
        { x: 0, y: 0 },
        { x: 50, y: 0 },
        { x: 0, y: 20 },
        { x: 0, y: 40 },
        { x: 0, y: 60 },
      ],
      height: 80,
    });
    expect(rowsOf([], 100, 10, 20)).toEqual({ places: [], height: 0 });
  });

  test("no items overlap", () => {
    for (let seed = 1; seed < 200; seed++) {
      const widths = Array.from({ length: seed % 17 }, (_, index) => (seed * (index + 3) * 37) % 150);
      const { places, height } = rowsOf(widths, 100, 10, 20);
      places.forEach(({ x, y }, index) => {
        expect(x === 0 || x + (widths[index] as number) <= 100).toBe(true);
        expect(y + 20).toBeLessThanOrEqual(height);
        const next = places[index + 1];
        if (next) expect(next.y > y || next.x >= x + (widths[index] as number) + 10).toBe(true);
      });
    }
  });
});
