import { describe, expect, test, vi } from "vitest";
import { Api } from "../src/api/client";
import type { Point } from "../src/api/types";
import { parseAddress } from "../src/pages/explore/address";
import { csvOf, csvRows, fileName, joinedCsv } from "../src/pages/explore/download/csv";
import { followExport } from "../src/pages/explore/download/export";
import { comparedTable, tableOf, tableRequests } from "../src/pages/explore/download/tables";
import { bucketOf } from "../src/pages/explore/measure/buckets";
import { planOf } from "../src/pages/explore/measure/plan";
import type { Bucket } from "../src/pages/explore/measure/resolutions";
import { expectedSamples } from "../src/pages/explore/points/expected";
import { unlisted } from "../src/pages/explore/points/lookup";
import { queryString, sampleQuery } from "../src/pages/explore/query";
import { DAY } from "../src/pages/explore/range/range";

const SPAN = { from: Date.parse("2026-01-01T00:00:00Z"), to: Date.parse("2026-01-02T00:00:00Z") };
const encode = (text: string) => new TextEncoder().encode(text);

test("row estimate uses the points' intervals", () => {
  expect(expectedSamples([60, 30, 900, null], SPAN)).toBe(1_440 + 2_880 + 96 + 1_440);
  expect(expectedSamples([60], { from: 0, to: 365 * DAY })).toBe(525_600);
});

test("CSV pages join under one header", async () => {
  const pages = ["name,value\na,1\na,2\n", "name,value\na,3\n", "name,value\n"].map(encode);
  expect(await new Blob(joinedCsv(pages)).text()).toBe("name,value\na,1\na,2\na,3\n");
  const tables = ['time,"a\nb"\n1,2\n', 'time,"a\nb"\n3,4\n'].map(encode);
  expect(await new Blob(joinedCsv(tables)).text()).toBe('time,"a\nb"\n1,2\n3,4\n');
});

test("CSV follows all pages of raw samples", async () => {
  const requests: URL[] = [];
  const warnings = [
    ["left out: the file of 1 January", "Time limit reached. Continue with next_token."],
    ["left out: the file of 1 January", "the site has no point 'b'"],
  ];
  const codes = [
    ["FILE_UNREADABLE", "TIME_LIMIT"],
    ["FILE_UNREADABLE", "UNKNOWN_POINT"],
  ];
  vi.stubGlobal("fetch", async (address: string, options: RequestInit) => {
    const url = new URL(address);
    requests.push(url);
    expect((options.headers as Record<string, string>).Accept).toBe("text/csv");
    const next_token = url.searchParams.has("next_token") ? null : "t";
    const metadata = JSON.stringify({ metadata: { samples_returned: 1, next_token } });
    return new Response(`name,value\na,${requests.length}\n`, {
      headers: {
        "Vitals-Metadata": metadata,
        "Vitals-Warnings": JSON.stringify(warnings[requests.length - 1]),
        "Vitals-Warning-Codes": JSON.stringify(codes[requests.length - 1]),
      },
    });
  });
  const counts: number[] = [];
  const api = new Api("http://api.test", "token");
  const { signal } = new AbortController();
  const query = { ...sampleQuery("s", ["a#1"], SPAN), resolution: "raw", timezone: "Asia/Kolkata" };
  const saved = await csvOf(api, query, (rows) => counts.push(rows), signal);
  expect(await saved.file.text()).toBe("name,value\na,1\na,2\n");
  expect(saved.warnings).toEqual(["left out: the file of 1 January", "the site has no point 'b'"]);
  expect(counts).toEqual([1, 2]);
  expect(requests.map((url) => url.searchParams.get("next_token"))).toEqual([null, "t"]);
  for (const { searchParams } of requests) {
    expect(searchParams.get("resolution")).toBe("raw");
    expect(searchParams.has("width")).toBe(false);
    expect(searchParams.get("timezone")).toBe("Asia/Kolkata");
    expect(searchParams.getAll("point_name")).toEqual(["a#1"]);
  }
  vi.unstubAllGlobals();
});

test("CSV row count handles quotes and truncation", () => {
  const rows = (text: string) => csvRows(encode(text));
  expect(rows("name,value\n")).toBe(0);
  expect(rows('name,value\n"a\nb ""c""\n",1\na,2\n')).toBe(2);
  for (const text of ["", "name,value", "name,value\na,1", 'name,value\n"a\n']) {
    expect(rows(text)).toBeUndefined();
  }
});

test("truncated CSV pages are errors", async () => {
  const page = 'name,value\na,1.5\n"b\n""c",12\nd,-3\n';
  const api = new Api("http://api.test", "token");
  const metadata = JSON.stringify({ metadata: { samples_returned: 3, next_token: null } });
  const get = async (text: string, headers: Record<string, string>) => {
    vi.stubGlobal("fetch", async () => new Response(text, { headers }));
    const { file } = await csvOf(api, sampleQuery("s", ["a"], SPAN), () => {}, new AbortController().signal);
    return file.text();
  };
  expect(await get(page, { "Vitals-Metadata": metadata })).toBe(page);
  for (let length = 0; length < page.length; length++) {
    const truncated = get(page.slice(0, length), { "Vitals-Metadata": metadata });
    await expect(truncated).rejects.toMatchObject({ code: "UNREADABLE" });
  }
  await expect(get(page, {})).rejects.toMatchObject({ code: "UNREADABLE" });
  await expect(get(page, { "Vitals-Metadata": "{}" })).rejects.toMatchObject({ code: "UNREADABLE" });
  vi.unstubAllGlobals();
});

test("export is polled; abort cancels it", async () => {
  vi.useFakeTimers();
  const requests: string[] = [];
  const states = ["queued", "running", "completed"];
  vi.stubGlobal("fetch", async (address: string, { method }: RequestInit) => {
    requests.push(`${method} ${new URL(address).pathname}`);
    return Response.json({
      id: "x",
      status: method === "DELETE" ? "cancelled" : states[requests.length - 1],
    });
  });
  const api = new Api("http://api.test", "token");
  const request = {
    site_name: "s",
    point_names: ["a"],
    start_time: "",
    end_time: "",
    format: "csv" as const,
  };
  const seen: string[] = [];
  const done = followExport(api, request, (job) => seen.push(job.status), new AbortController().signal);
  await vi.advanceTimersByTimeAsync(4_000);
  expect((await done).status).toBe("completed");
  expect(seen).toEqual(states);

  requests.length = 0;
  const stop = new AbortController();
  const cancelled = followExport(api, request, () => {}, stop.signal);
  await vi.advanceTimersByTimeAsync(100);
  stop.abort();
  expect((await cancelled).status).toBe("cancelled");
  expect(requests).toEqual(["POST /exports", "DELETE /exports/x"]);

  requests.length = 0;
  const early = followExport(api, request, () => {}, AbortSignal.abort());
  await vi.advanceTimersByTimeAsync(100);
  expect((await early).status).toBe("cancelled");
  expect(requests).toEqual(["POST /exports", "DELETE /exports/x"]);
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("export tolerates failed polls, not refusals", async () => {
  vi.useFakeTimers();
  let answers: (Response | Error)[] = [];
  vi.stubGlobal("fetch", async () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  });
  const api = new Api("http://api.test", "token");
  const request = { site_name: "s", point_names: [], start_time: "", end_time: "", format: "csv" as const };
  const follow = () => followExport(api, request, () => {}, new AbortController().signal);
  const job = (status: string) => Response.json({ id: "x", status });
  const failing = (status: number) => Response.json({ error: "no" }, { status });

  answers = [job("queued"), new TypeError(), failing(503), failing(429), job("running"), job("completed")];
  const done = follow();
  await vi.advanceTimersByTimeAsync(10_000);
  expect((await done).status).toBe("completed");

  answers = [job("queued"), failing(404), job("completed")];
  const refused = expect(follow()).rejects.toMatchObject({ status: 404 });
  await vi.advanceTimersByTimeAsync(4_000);
  await refused;

  answers = [job("queued"), ...Array.from({ length: 15 }, () => failing(503)), job("completed")];
  const silent = expect(follow()).rejects.toMatchObject({ status: 503 });
  await vi.advanceTimersByTimeAsync(60_000);
  await silent;
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("query string has limits", () => {
  const request = { site_name: "s", start_time: "a", end_time: "b", width: 9 };
  expect(queryString({ ...request, point_names: ["x/1:2#3", "a,b"] })).toBe(
    "site_name=s&start_time=a&end_time=b&width=9&point_name=x%2F1%3A2%233&point_name=a%2Cb",
  );
  expect(queryString({ ...request, point_names: ["a\0b"] })).toBeUndefined();
  expect(queryString({ ...request, point_names: Array(30).fill("n".repeat(300)) })).toBeUndefined();
  const names = [",", " ", "\n", "\u2028", "%2C", "+", "\u{1f321}".repeat(100), "e\u0301"];
  const query = queryString({ ...request, point_names: names });
  expect(new URLSearchParams(query).getAll("point_name")).toEqual(names);
});

test("file name contains site and span", () => {
  expect(fileName("site", SPAN)).toBe("site_20260101T0000Z_20260102T0000Z.csv");
  expect(fileName("site", SPAN, "1h-increase")).toBe("site_1h-increase_20260101T0000Z_20260102T0000Z.csv");
});

describe("the table of a measured chart", () => {
  const points = ["analog", "counter", "binary"].map((kind) => ({
    ...unlisted(`the ${kind}`),
    kind: kind as Point["kind"],
  }));
  const requests = (address: string) => {
    const choice = parseAddress(new URLSearchParams(address));
    return tableRequests(sampleQuery("s", [], SPAN), planOf(choice, points, SPAN), points);
  };

  test("has the measure of what is shown", () => {
    const shown = (address: string) =>
      requests(address).map(({ query: { form, resolution, measure, point_names } }) => [
        ...[form, resolution, measure],
        ...point_names,
      ]);
    expect(shown("measure=increase&resolution=1h")).toEqual([
      ["table", "1h", "increase", "the analog", "the counter"],
    ]);
    expect(shown("measure=runtime")).toEqual([["table", "1h", "runtime", "the binary"]]);
    expect(shown("resolution=15m")).toEqual([
      ["table", "15m", "mean", "the analog"],
      ["table", "15m", "last", "the counter"],
    ]);
    expect(shown("")).toEqual([]);
  });

  test("names measures and units, and joins columns by time", async () => {
    const tables: Record<string, string> = {
      mean: 'timestamp,room [degreesCelsius],"a ""b"",\nc [%]"\n2026-01-01T01:00Z,20.5,\n2026-01-01T02:00Z,,4\n2026-01-01T03:00Z,21,5\n',
      last: "timestamp,main [kWh]\n2026-01-01T01:00Z,7\n2026-01-01T03:00Z,8\n",
    };
    vi.stubGlobal("fetch", async (address: string) => {
      const csv = tables[new URL(address).searchParams.get("measure") ?? ""] ?? "";
      const metadata = { metadata: { samples_returned: csvRows(encode(csv)), next_token: null } };
      return new Response(csv, { headers: { "Vitals-Metadata": JSON.stringify(metadata) } });
    });
    const api = new Api("http://api.test", "token");
    const file = await tableOf(api, requests("resolution=15m"), () => {}, new AbortController().signal);
    expect(await file.file.text()).toBe(
      'timestamp,Mean of room [degreesCelsius],"Mean of a ""b"",\nc [%]",Last of main [kWh]\n' +
        "2026-01-01T01:00Z,20.5,,7\n2026-01-01T02:00Z,,4,\n2026-01-01T03:00Z,21,5,8\n",
    );
    vi.unstubAllGlobals();
  });

  /** Returns the compared values beside each row of a table, whose answers count their rows from 0. */
  async function besideRows(versus: string, bucket: Bucket, from: string, to: string): Promise<string[][]> {
    const timeZone = "America/Chicago";
    const span = { from: Date.parse(from), to: Date.parse(to) };
    const points = [{ ...unlisted("main"), kind: "counter" as const }];
    const plan = { ...planOf(parseAddress(new URLSearchParams("measure=increase")), points, span), bucket };
    vi.stubGlobal("fetch", async (address: string) => {
      const { searchParams } = new URL(address);
      const [start, end] = ["start_time", "end_time"].map((key) => Date.parse(searchParams.get(key) ?? ""));
      const rows: string[] = [];
      for (let ms = start as number; ms < (end as number); ms = bucketOf(ms, bucket, timeZone).to)
        rows.push(`${new Date(ms).toISOString()},${rows.length}\n`);
      const metadata = { metadata: { samples_returned: rows.length, next_token: null } };
      const headers = { "Vitals-Metadata": JSON.stringify(metadata) };
      return new Response(`timestamp,main [kWh]\n${rows.join("")}`, { headers });
    });
    const compared = comparedTable(versus, plan, span, timeZone);
    const requests = tableRequests(sampleQuery("s", [], span), plan, points, compared);
    const api = new Api("http://api.test", "token");
    const { file } = await tableOf(api, requests, () => {}, new AbortController().signal);
    vi.unstubAllGlobals();
    const [head, ...rows] = (await file.text()).trim().split("\n");
    expect(head).toBe(`timestamp,Increase of main [kWh],Increase (${compared?.title}) of main [kWh]`);
    return rows.map((row) => row.split(",").slice(1));
  }

  test("has the compared range beside it at the same local time", async () => {
    expect(await besideRows("1w", "1d", "2026-06-01T05:00Z", "2026-06-04T05:00Z")).toEqual([
      ...[
        ["0", "0"],
        ["1", "1"],
        ["2", "2"],
      ],
    ]);
    // The clock shows 01:00 twice on 1 November, but not the day before.
    expect(await besideRows("1d", "1h", "2026-11-01T05:00Z", "2026-11-01T09:00Z")).toEqual([
      ...[
        ["0", "0"],
        ["1", "1"],
        ["2", ""],
        ["3", "2"],
      ],
    ]);
    // The day before shows it twice: the first is compared.
    expect(await besideRows("1d", "1h", "2026-11-02T06:00Z", "2026-11-02T09:00Z")).toEqual([
      ...[
        ["0", "0"],
        ["1", "1"],
        ["2", "3"],
      ],
    ]);
    // There is no 02:00 on 8 March.
    expect(await besideRows("1d", "1h", "2026-03-08T06:00Z", "2026-03-08T09:00Z")).toEqual([
      ...[
        ["0", "0"],
        ["1", "1"],
        ["2", "3"],
      ],
    ]);
    // Months are compared with months, whatever their lengths.
    expect(await besideRows("364d", "1mo", "2026-02-01T06:00Z", "2026-04-01T05:00Z")).toEqual([
      ...[
        ["0", "0"],
        ["1", "1"],
      ],
    ]);
  });
});
