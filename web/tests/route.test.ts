import { expect, test, vi } from "vitest";

vi.stubGlobal("location", { hash: "" });
vi.stubGlobal("addEventListener", () => {});
const { formatRoute, go, parseRoute, route } = await import("../src/route");

test("an address comes back as it was written", () => {
  const hash = `#/explore?${new URLSearchParams([
    ["site", "a b"],
    ["point", "ses/x:1#2%/é"],
    ["point", "other"],
  ])}`;
  expect(formatRoute(parseRoute(hash))).toBe(hash);
  expect(parseRoute(hash).parameters.getAll("point")).toEqual(["ses/x:1#2%/é", "other"]);
});

test("an address that names no page is the first page", () => {
  for (const hash of ["", "#", "#/", "#/nonsense?x=1"]) expect(parseRoute(hash).page).toBe("explore");
});

test("where one goes is known at once, for the browser tells of it later", () => {
  const parameters = new URLSearchParams({ point: "a" });
  go({ page: "explore", site: "s", parameters });
  expect(route.get().parameters.getAll("point")).toEqual(["a"]);
  expect(location.hash).toBe("#/explore?site=s&point=a");
});
