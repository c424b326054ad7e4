import { expect, test, vi } from "vitest";
import { ApiError } from "../src/api/client";

vi.stubGlobal("location", { hash: "" });
vi.stubGlobal("addEventListener", () => {});
const { formatRoute } = await import("../src/route");
const { refusal, routeOfView, viewName, viewText } = await import("../src/pages/explore/saved/view-text");

const POINT = 'a b/ä&c=#1%+,\u{1f321}"<>';

test("a view is the address without its site", () => {
  expect(viewText("#/explore?site=mill&point=a&range=7d")).toBe("point=a&range=7d");
});

test("a view opens as it was saved", () => {
  const parameters = new URLSearchParams([
    ["equip", POINT],
    ["role", "discharge,air"],
    ["role", POINT],
    ["range", "last-week"],
  ]);
  const route = { page: "explore" as const, site: POINT, parameters };
  const text = viewText(formatRoute(route));
  expect(text).toMatch(/^[!$-;=?-~]+$/);
  expect(routeOfView(POINT, text)).toEqual(route);
});

test("a view is of the site that it is saved for", () => {
  const route = routeOfView("mill", "?site=other&point=a");
  expect([route.site, route.parameters.toString()]).toEqual(["mill", "point=a"]);
});

test("outer spaces are no part of a name", () => {
  expect([viewName("  a b "), viewName("   "), viewName(null)]).toEqual(["a b", "", ""]);
});

test("a refusal says what helps", () => {
  const forbidden = new ApiError(403, "FORBIDDEN", "this token does not have the scope admin");
  expect(refusal(forbidden, "save")).toMatch(
    /not save them. Ask the operator for a token with the scope admin/,
  );
  expect(refusal(forbidden, "delete")).toContain("not delete them");
  expect(refusal(new ApiError(400, "INVALID_REQUEST", "a site has at most 200 views"), "save")).toBe(
    "A site has at most 200 views.",
  );
});
