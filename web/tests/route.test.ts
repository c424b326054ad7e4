import { expect, test, vi } from "vitest";

vi.stubGlobal("location", { hash: "" });
vi.stubGlobal("addEventListener", () => {});
const { formatRoute, go, parseRoute, route } = await import("../src/route");

test("addresses round-trip", () => {
  const hash = `#/explore?${new URLSearchParams([
    ["site", "a b"],
    ["point", "ses/x:1#2%/é"],
    ["point", "other"],
  ])}`;
  expect(formatRoute(parseRoute(hash))).toBe(hash);
  expect(parseRoute(hash).parameters.getAll("point")).toEqual(["ses/x:1#2%/é", "other"]);
});

test("unknown pages become Explore", () => {
  for (const hash of ["", "#", "#/", "#/nonsense?x=1"]) expect(parseRoute(hash).page).toBe("explore");
});

test("go updates the route at once", () => {
  const parameters = new URLSearchParams({ point: "a" });
  go({ page: "explore", site: "s", parameters });
  expect(route.get().parameters.getAll("point")).toEqual(["a"]);
  expect(location.hash).toBe("#/explore?site=s&point=a");
});
