import { afterEach, expect, test, vi } from "vitest";
import { Api } from "../src/api/client";
import { latestValues } from "../src/pages/explore/points/latest";
import { findPoint } from "../src/pages/explore/points/lookup";

afterEach(() => void vi.unstubAllGlobals());

const api = new Api("http://api.test", "token");

test("a response that is not JSON is unreadable", async () => {
  vi.stubGlobal("fetch", async () => new Response("<html>proxy</html>"));
  await expect(api.get("/sites")).rejects.toMatchObject({ status: 0, code: "UNREADABLE" });
});

test("lookup pages until the name matches exactly", async () => {
  const tokens: (string | null)[] = [];
  vi.stubGlobal("fetch", async (address: string) => {
    const token = new URL(address).searchParams.get("next_token");
    tokens.push(token);
    const page = token
      ? { points: [{ point_name: "unit 1", unit: "watts" }], next_token: null }
      : { points: [{ point_name: "a unit 1" }], next_token: "a unit 1" };
    return Response.json(page);
  });
  const { signal } = new AbortController();
  expect((await findPoint(api, "s", "unit 1", signal)).unit).toBe("watts");
  expect(tokens).toEqual([null, "a unit 1"]);
  expect(await findPoint(api, "s", "unit 2", signal)).toMatchObject({ point_name: "unit 2", unit: "" });
});

test("latest values are requested by exact names", async () => {
  const names = ["a,b", "\0", " "];
  vi.stubGlobal("fetch", async (address: string, { method, body }: RequestInit) => {
    expect([method, new URL(address).pathname, JSON.parse(String(body))]).toEqual([
      "POST",
      "/sites/s/latest",
      { point_names: names },
    ]);
    const entries = [
      { point_name: "a,b", timestamp: 7, value: 0, last_seen: 7 },
      { point_name: "\0", timestamp: null, value: null, last_seen: 5 },
      { point_name: " ", timestamp: null, value: null, last_seen: null },
    ];
    return Response.json({ latest: entries, next_token: null, warnings: [] });
  });
  const { signal } = new AbortController();
  expect([...(await latestValues(api, "s", names, signal))]).toEqual([
    ["a,b", { value: 0, timestamp: 7 }],
    ["\0", { value: null, seen: 5 }],
    [" ", { value: null, seen: null }],
  ]);
  expect((await latestValues(api, "s", [], signal)).size).toBe(0);
});
