import { afterEach, expect, test, vi } from "vitest";
import { Api } from "../src/api/client";
import { type ChartQuery, queryChart } from "../src/pages/explore/measure/answers";
import type { Plan } from "../src/pages/explore/measure/plan";
import { DAY, HOUR } from "../src/pages/explore/range/range";

const START = Date.parse("2026-03-09T05:00:00Z");
const METADATA = {
  ...{ total_samples: 1, query_time_ms: 1, cache_hit: false, next_token: null, method: null },
  ...{ sources: ["hot"], samples_read: 3, samples_returned: 1 },
  cost: { read_units: 0, requests: 0, bytes: 0, bytes_scanned: 0, micro_dollars: 1 },
};

afterEach(() => vi.unstubAllGlobals());

/** Answers each query with one row at its start, in a unit of seconds; returns the queries. */
function laidOut(): URLSearchParams[] {
  const queries: URLSearchParams[] = [];
  vi.stubGlobal("fetch", async (address: string) => {
    const query = new URL(address).searchParams;
    queries.push(query);
    const series = query.getAll("point_name").map((point_name) => ({
      ...{ point_name, unit: "s", source_unit: "", gaps: [], values: [5_400] },
      timestamps: [Date.parse(query.get("start_time") ?? "")],
      coverage: { expected: 1, received: 1 },
      ...(query.get("measure") === "runtime" && { at_least: [5_400], at_most: [7_200] }),
    }));
    const resolution = query.get("resolution") ?? "raw";
    const data_type = query.has("measure") ? "aggregate" : "raw";
    return Response.json({ resolution, data_type, series, warnings: [], metadata: METADATA });
  });
  return queries;
}

const plan = (changes: Partial<Plan>): Plan => ({
  ...{ bucket: "1d", measure: undefined, measured: ["meter"], sampled: ["fan"], raw: false },
  ...changes,
});
const query = (changes: Partial<ChartQuery>): ChartQuery => ({
  ...{ site: "s", plan: plan({}), span: { from: START, to: START + DAY }, width: 9 },
  ...{ timeZone: "America/Chicago", isOtherZone: false, earlierBy: undefined },
  ...changes,
});
const run = (changes: Partial<ChartQuery>) =>
  queryChart(new Api("http://api.test", "token"), query(changes), new AbortController().signal);

test("buckets and samples are one answer", async () => {
  const queries = laidOut();
  const { answer, samples, compared } = await run({});
  expect(queries.map((one) => [one.get("resolution"), one.get("measure"), one.get("width")])).toEqual([
    ["1d", "mean", null],
    [null, null, "9"],
  ]);
  expect(answer.series.map(({ point_name }) => point_name)).toEqual(["meter", "fan"]);
  expect(answer.series[0]?.ends).toEqual([START + DAY]);
  expect(answer.series[1]?.ends).toBeUndefined();
  expect(answer.metadata.samples_read).toBe(6);
  expect(samples?.resolution).toBe("raw");
  expect(compared).toEqual([]);
});

test("running time is in hours", async () => {
  laidOut();
  const running = plan({ measure: "runtime", bucket: "1h", sampled: [] });
  const { answer, samples } = await run({ plan: running });
  expect(answer.series).toMatchObject([
    { unit: "hours", values: [1.5], at_least: [1.5], at_most: [2], ends: [START + HOUR] },
  ]);
  expect(samples).toBeUndefined();
});

test("the compared range is on the same axis", async () => {
  const queries = laidOut();
  const { answer, compared } = await run({ earlierBy: { days: 7, units: undefined }, isOtherZone: true });
  expect(queries.map((one) => one.get("start_time"))).toEqual([
    ...["2026-03-09T05:00:00Z", "2026-03-09T05:00:00Z"],
    ...["2026-03-02T06:00:00Z", "2026-03-02T06:00:00Z"],
  ]);
  expect(new Set(queries.map((one) => one.get("timezone")))).toEqual(new Set(["America/Chicago"]));
  expect(answer.series).toHaveLength(2);
  expect(answer.metadata.samples_read).toBe(12);
  expect(compared.map(({ timestamps }) => timestamps)).toEqual([[START], [START]]);
});

test("months are compared with months", async () => {
  const queries = laidOut();
  const october = { from: Date.parse("2026-10-31T05:00Z"), to: Date.parse("2026-11-01T05:00Z") };
  const monthly = plan({ bucket: "1mo" });
  const { compared } = await run({ plan: monthly, span: october, earlierBy: { days: 364, units: 12 } });
  expect(queries.slice(2).map((one) => [one.get("start_time"), one.get("end_time")])).toEqual([
    ["2025-10-01T05:00:00Z", "2025-11-01T05:00:00Z"],
    ["2025-11-01T05:00:00Z", "2025-11-02T05:00:00Z"],
  ]);
  expect(compared.map(({ timestamps }) => new Date(timestamps[0] ?? 0).toISOString())).toEqual([
    ...["2026-10-01T05:00:00.000Z", "2026-10-31T05:00:00.000Z"],
  ]);
  queries.length = 0;
  const week = await run({ plan: monthly, span: october, earlierBy: { days: 7, units: 0 } });
  expect(queries).toHaveLength(3);
  expect(week.compared.map(({ point_name }) => point_name)).toEqual(["fan"]);
});
