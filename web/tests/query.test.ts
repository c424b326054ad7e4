import { expect, test, vi } from "vitest";
import { Api } from "../src/api/client";
import { querySeries, sampleQuery } from "../src/pages/explore/query";

const METADATA = {
  total_samples: 1,
  sources: ["hot"],
  query_time_ms: 1,
  cache_hit: false,
  method: "m4",
  samples_read: 1,
  samples_returned: 1,
  cost: { read_units: 0, requests: 0, bytes: 0, bytes_scanned: 0, micro_dollars: 1 },
};

test("merged pages drop warnings of the time limit", async () => {
  const details = [
    [{ code: "TIME_LIMIT", text: "Time limit reached. Continue with next_token." }],
    [{ code: "UNKNOWN_POINT", text: "the site has no point 'b'" }],
  ];
  const tokens: (string | null)[] = [];
  vi.stubGlobal("fetch", async (address: string) => {
    const page = tokens.push(new URL(address).searchParams.get("next_token")) - 1;
    return Response.json({
      series: [],
      metadata: { ...METADATA, next_token: page === 0 ? "t" : null },
      warnings: details[page]?.map(({ text }) => text),
      warning_details: details[page],
    });
  });
  const api = new Api("http://api.test", "token");
  const { signal } = new AbortController();
  const answer = await querySeries(api, sampleQuery("s", ["a", "b"], { from: 0, to: 1000 }), signal);
  expect(tokens).toEqual([null, "t"]);
  expect(answer.warnings).toEqual(["the site has no point 'b'"]);
  expect(answer.metadata.samples_read).toBe(2);
  vi.unstubAllGlobals();
});

test("a repeated query is one request that the browser may answer itself", async () => {
  const requests: object[] = [];
  vi.stubGlobal("fetch", async (address: string, { method, headers, cache }: RequestInit) => {
    requests.push({ address, method, headers, cache });
    return Response.json({ series: [], metadata: { ...METADATA, next_token: null }, warnings: [] });
  });
  const api = new Api("http://api.test", "token");
  const { signal } = new AbortController();
  for (const _ of [0, 1]) await querySeries(api, sampleQuery("s", ["a"], { from: 0, to: 1000 }), signal);
  expect(requests[1]).toEqual(requests[0]);
  expect(requests[0]).toMatchObject({ method: "GET", cache: undefined });
  vi.unstubAllGlobals();
});
