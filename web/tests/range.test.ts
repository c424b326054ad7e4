import { describe, expect, test } from "vitest";
import {
  clampSpan,
  DAY,
  formatRange,
  HOUR,
  LONGEST,
  MINUTE,
  type NamedRange,
  PRESETS,
  panned,
  parseRange,
  pinched,
  refreshMs,
  SECOND,
  spanOf,
  stored,
  zoomed,
} from "../src/pages/explore/range/range";
import { wholes } from "./doubles";

const NOON = Date.parse("2026-01-01T12:00:00Z");
const parse = (query: string) => parseRange(new URLSearchParams(query));

describe("the address", () => {
  test("round-trips a range to the second", () => {
    for (const range of ["1h", "1y", { from: NOON, to: NOON + 61 * SECOND }] as const)
      expect(parseRange(new URLSearchParams(formatRange(range)))).toEqual(range);
    expect(formatRange({ from: NOON + 400, to: NOON + HOUR + 600 })).toEqual([
      ["from", "2026-01-01T12:00:00Z"],
      ["to", "2026-01-01T13:00:01Z"],
    ]);
  });

  test("falls back to the default", () => {
    for (const query of [
      "",
      "range=toString",
      "range=2h",
      "from=2026-01-02&to=2026-01-01",
      "from=x&to=y",
      "from=1990-06-01&to=1980-01-01",
    ])
      expect(parse(query)).toBe("24h");
  });

  test("prefers from and to over a preset", () => {
    expect(parse("range=1h&from=2026-01-01T12:00:00Z&to=2026-01-01T13:00:00Z")).toEqual({
      from: NOON,
      to: NOON + HOUR,
    });
  });
});

describe("before 1990", () => {
  const first = Date.UTC(1990, 0, 1);
  const early = [first - 1, 0, Date.parse("0001-01-01T00:00:00Z"), Date.parse("-000100-01-01T00:00:00Z")];

  test("an edge becomes the start of 1990", () => {
    for (const from of early) {
      expect(stored({ from, to: NOON })).toEqual({ from: first, to: NOON });
      expect(stored({ from, to: first + 1 })).toEqual({ from: first, to: first + 1 });
    }
    for (const from of ["1989-12-31T23:59:59Z", "1980-01-01", "0001-01-01", "-000100-01-01T00:00:00Z"])
      expect(parse(`range=1h&from=${from}&to=1990-06-01`)).toEqual({
        from: first,
        to: Date.UTC(1990, 5, 1),
      });
  });

  test("a range becomes the first seconds of 1990", () => {
    const seconds = { from: first, to: first + 10 * SECOND };
    for (const to of [first, ...early]) expect(stored({ from: to - DAY, to })).toEqual(seconds);
    expect(parse("from=1980-01-01&to=1985-01-01")).toEqual(seconds);
    expect(parseRange(new URLSearchParams(formatRange(seconds)))).toEqual(seconds);
  });

  test("later edges stay", () => {
    for (const span of [
      { from: first, to: first + 1 },
      { from: NOON, to: NOON + HOUR },
    ])
      expect(stored(span)).toEqual(span);
  });
});

describe("the span", () => {
  test("of a preset ends now and advances in steps", () => {
    for (const [name, length] of Object.entries(PRESETS)) {
      const span = spanOf(name as keyof typeof PRESETS, NOON + 1, "UTC");
      expect(span.to - span.from).toBe(length);
      expect(span.to).toBeGreaterThan(NOON);
      expect(span.to).toBeLessThanOrEqual(NOON + refreshMs(length));
      expect(spanOf(name as keyof typeof PRESETS, NOON + 20 * SECOND, "UTC")).toEqual(span);
      expect(spanOf(name as keyof typeof PRESETS, NOON + refreshMs(length) + 1, "UTC")).not.toEqual(span);
    }
  });

  test("is loaded again less often the longer it is", () => {
    expect([HOUR, DAY, 7 * DAY, 30 * DAY, 365 * DAY].map(refreshMs)).toEqual(
      [SECOND / 2, SECOND, 5 * SECOND, 30 * SECOND, MINUTE].map((seconds) => 60 * seconds),
    );
    let before = 0;
    for (let length = SECOND; length < LONGEST; length = Math.ceil(length * 1.1)) {
      const step = refreshMs(length);
      expect(step).toBeGreaterThanOrEqual(before);
      expect(HOUR % step).toBe(0);
      // Of a chart of 1,440 pixels at most one is missing.
      expect(step === 30 * SECOND || step * 1440 <= length).toBe(true);
      before = step;
    }
  });

  test("never ends before the present, nor earlier than before", () => {
    const draw = wholes(1);
    for (const range of [
      ...Object.keys(PRESETS),
      "today",
      "this-week",
      "this-month",
      "this-year",
    ] as NamedRange[]) {
      let now = NOON + draw(365) * DAY;
      let last = spanOf(range, now, "America/Chicago");
      for (let step = 0; step < 100; step++) {
        now += draw(2 * HOUR);
        const next = spanOf(range, now, "America/Chicago");
        expect(next.to).toBeGreaterThanOrEqual(Math.max(now, last.to));
        expect(next.to - now).toBeLessThanOrEqual(Math.max(MINUTE, refreshMs(next.to - next.from)));
        last = next;
      }
    }
  });

  test("of from and to is fixed", () => {
    const span = { from: 1, to: 2 };
    expect(spanOf(span, NOON, "UTC")).toBe(span);
  });
});

describe("moves", () => {
  const span = { from: 1000, to: 2000 };

  test("a pan keeps the length", () => {
    expect(panned(span, 0.5)).toEqual({ from: 1500, to: 2500 });
    expect(panned(span, -1)).toEqual({ from: 0, to: 1000 });
  });

  test("a zoom keeps the time under the pointer", () => {
    expect(zoomed(span, 0.5, 0.2)).toEqual({ from: 1100, to: 1600 });
    expect(zoomed(zoomed(span, 0.5, 0.2), 2, 0.2)).toEqual(span);
  });

  test("a pinch keeps the times under both fingers", () => {
    const after = pinched(span, [0.4, 0.6], [0.2, 0.7]);
    const timeAt = (position: number) => after.from + (after.to - after.from) * position;
    expect(timeAt(0.2)).toBeCloseTo(1400);
    expect(timeAt(0.7)).toBeCloseTo(1600);
    expect(pinched(span, [0.4, 0.6], [0.5, 0.5])).toEqual(span);
    expect(pinched(span, [0.4, 0.6], [0.6, 0.4])).toEqual(span);
  });

  test("spans have limits and end by now", () => {
    const tooShort = clampSpan({ from: NOON - HOUR, to: NOON - HOUR + 1 }, NOON);
    expect(tooShort.to - tooShort.from).toBe(10 * SECOND);
    const tooLong = clampSpan({ from: NOON - 900 * DAY, to: NOON - DAY }, NOON);
    expect(tooLong.to - tooLong.from).toBe(LONGEST);
    expect(clampSpan({ from: NOON - HOUR, to: NOON + HOUR }, NOON)).toEqual({
      from: NOON - 2 * HOUR,
      to: NOON,
    });
    expect(clampSpan({ from: NOON - DAY + 1, to: NOON - HOUR + 1 }, NOON)).toEqual({
      from: NOON - DAY,
      to: NOON - HOUR,
    });
  });

  test("spans start in 1990 or later", () => {
    const first = Date.UTC(1990, 0, 1);
    const span = clampSpan({ from: first - DAY, to: first + HOUR }, NOON);
    expect(span).toEqual({ from: first, to: first + DAY + HOUR });
    expect(parseRange(new URLSearchParams(formatRange(span)))).toEqual(span);
  });
});

test("times beyond the API's limits are no range", () => {
  for (const [from, to] of [
    ["2026-01-01T00:00:00Z", "+012000-01-01T00:00:00Z"],
    ["2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.4Z"],
  ]) {
    expect(
      parseRange(
        new URLSearchParams([
          ["from", from ?? ""],
          ["to", to ?? ""],
        ]),
      ),
    ).toBe("24h");
  }
});
