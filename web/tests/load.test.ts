import { afterEach, describe, expect, test, vi } from "vitest";
import { Api } from "../src/api/client";
import { inParallel } from "../src/api/parallel";
import { loadKind, loadTemplate } from "../src/pages/explore/template/load";
import { type Outcome, outcomeOf } from "../src/ui/load";
import { wholes } from "./doubles";

afterEach(() => void vi.unstubAllGlobals());

const turn = () => new Promise((resolve) => setTimeout(resolve));

describe("jobs in parallel", () => {
  test("return in their order, at most so many of them at once", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const draw = wholes(seed);
      const [limit, items] = [1 + draw(5), Array.from({ length: draw(30) }, (_, item) => item)];
      let [running, most] = [0, 0];
      const job = async (item: number) => {
        most = Math.max(most, ++running);
        for (let turns = draw(3); turns > 0; turns--) await turn();
        running--;
        return 2 * item;
      };
      expect(await inParallel(items, job, limit)).toEqual(items.map((item) => 2 * item));
      expect(most).toBeLessThanOrEqual(limit);
    }
  });

  test("do not begin after one failed", async () => {
    const begun: number[] = [];
    const job = async (item: number) => {
      begun.push(item);
      await turn();
      if (item === 1) throw new Error("no");
    };
    await expect(inParallel([0, 1, 2, 3, 4, 5], job, 2)).rejects.toThrow("no");
    await turn();
    expect(begun).toEqual([0, 1, 2]);
  });
});

describe("an outcome", () => {
  const loaded: Outcome<number> = { subject: "a", value: 1, error: new Error("late"), loading: false };

  test("of another subject is neither shown nor its error", () => {
    expect(outcomeOf(loaded, "a")).toBe(loaded);
    expect(outcomeOf(loaded, "b")).toEqual({
      subject: "b",
      value: undefined,
      error: undefined,
      loading: true,
    });
  });
});

describe("points of a site by tags", () => {
  const api = new Api("http://api.test", "token");
  const { signal } = new AbortController();
  const point = { point_name: "a", display_name: "", tags: ["run"], equipment: "AHU-1", unit: "" };
  const endless = () =>
    vi.stubGlobal("fetch", async () => Response.json({ points: [point], next_token: "b" }));

  test("are refused when they are too many to read", async () => {
    endless();
    const template = { equipment: "AHU-1", roles: [["run"]] };
    await expect(loadKind(api, "s", template, signal)).rejects.toThrow(
      "More than 100,000 points have the tags run",
    );
    await expect(loadTemplate(api, "s", [point as never], signal)).rejects.toThrow(
      "More than 100,000 points",
    );
  });

  test("are read in four requests at once", async () => {
    let [running, most] = [0, 0];
    vi.stubGlobal("fetch", async () => {
      most = Math.max(most, ++running);
      await turn();
      running--;
      return Response.json({ points: [point], next_token: null });
    });
    const roles = Array.from({ length: 30 }, (_, role) => [`tag ${role}`]);
    expect(await loadKind(api, "s", { equipment: "AHU-1", roles }, signal)).toEqual(["AHU-1"]);
    expect(most).toBe(4);
  });
});
