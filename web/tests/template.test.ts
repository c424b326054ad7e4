import { describe, expect, test } from "vitest";
import type { Point } from "../src/api/types";
import { changed, formatAddress, omittedIn, parseAddress } from "../src/pages/explore/address";
import { unlisted } from "../src/pages/explore/points/lookup";
import { stepByKey } from "../src/pages/explore/template/keys";
import { commonEquipment, shortestRole, templateOf } from "../src/pages/explore/template/shortest";
import { stepHelp } from "../src/pages/explore/template/step-help";
import { common, neighbour, notesOf, slotsOfRoles } from "../src/pages/explore/template/template";

const parse = (query: string) => parseAddress(new URLSearchParams(query));

function point(name: string, tags: string[], equipment: string | null = "AHU-1"): Point {
  return { ...unlisted(name), tags, equipment };
}

describe("the address of a template", () => {
  test("an address returns what it was written from", () => {
    const address = parse("equip=AHU-1&role=discharge,air,temp&role=fan,run&range=7d&point=ignored");
    expect(address.points).toEqual([]);
    expect(address.template).toEqual({
      equipment: "AHU-1",
      roles: [
        ["discharge", "air", "temp"],
        ["fan", "run"],
      ],
    });
    expect(parse(formatAddress(address).toString())).toEqual(address);
  });

  test("roles without tags and copies are left out", () => {
    expect(parse("equip=A&role=&role=,&role=a,,a&role= a ,").template?.roles).toEqual([["a"]]);
    expect(parse("equip=A&role=,&point=p")).toMatchObject({ template: undefined, points: ["p"] });
    expect(parse("role=a&point=p")).toMatchObject({ template: undefined, points: ["p"] });
  });

  test("points and roles that are too many are named", () => {
    for (const name of ["point", "role"])
      for (const count of [1, 30, 31, 99]) {
        const all = Array.from({ length: count }, (_, index) => `${name}=a${index}`);
        const query = [...all, ...all, `${name}=`, ...(name === "role" ? ["equip=A"] : [])].join("&");
        const { points, template } = parse(query);
        const omitted = count - (template?.roles ?? points).length;
        expect(omittedIn(new URLSearchParams(query))).toBe(
          omitted
            ? `The link names ${count} points. The first 30 are shown, the most that a chart has.`
            : undefined,
        );
      }
  });

  test("roles and their tags are bounded", () => {
    const many = Array.from({ length: 99 }, (_, index) => index);
    const roles = many.map((index) => `&role=${many.map((tag) => `t${index}-${tag}`)}`).join("");
    const template = parse(`equip=A${roles}`).template;
    expect(template?.roles.map((role) => role.length)).toEqual(Array(30).fill(20));
  });

  test("points by name replace a template", () => {
    const address = parse("equip=AHU-1&role=fan");
    expect(changed(address, { points: ["p"] })).toMatchObject({ points: ["p"], template: undefined });
    expect(changed(address, { single: true }).template).toEqual(address.template);
  });
});

describe("matches", () => {
  const template = { equipment: "AHU-1", roles: [["fan"], ["air", "temp"], ["temp"], ["co2"]] };
  const [fan, temp] = [point("f", []), point("t", [])];
  const matches = [
    { point: fan, several: false },
    { point: temp, several: true },
    { point: temp, several: false },
    { point: undefined, several: false },
  ];

  test("every surprise has a note", () => {
    expect(notesOf(template, matches)).toEqual([
      "Several points of AHU-1 have the tags “air, temp”. The first by name is shown: t.",
      "The tags “air, temp” and “temp” select the same point: t.",
      "AHU-1 has no point with the tags “co2”.",
    ]);
  });

  test("a role has the same colour in each equipment", () => {
    expect([...slotsOfRoles(matches)]).toEqual([
      ["f", 0],
      ["t", 1],
    ]);
    const [, ...others] = matches;
    expect([...slotsOfRoles([{ point: undefined, several: false }, ...others])]).toEqual([["t", 1]]);
  });
});

describe("the equipment of a kind", () => {
  test("it goes around the ends", () => {
    const names = ["A", "B", "C"];
    expect(names.map((name) => neighbour(names, name, 1))).toEqual(["B", "C", "A"]);
    expect(names.map((name) => neighbour(names, name, -1))).toEqual(["C", "A", "B"]);
  });

  test("an equipment of another kind has its position in it", () => {
    const steps = (name: string) => [neighbour(["B", "D"], name, -1), neighbour(["B", "D"], name, 1)];
    expect(["A", "C", "E"].map(steps)).toEqual([
      ["D", "B"],
      ["B", "D"],
      ["D", "B"],
    ]);
  });

  test("the only one has no neighbour", () => {
    expect([neighbour(["A"], "A", 1), neighbour(["A"], "A", -1), neighbour([], "A", 1)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(neighbour(["A"], "B", 1)).toBe("A");
  });

  test("it has a point for every role", () => {
    expect(common([new Set(["C", "A", "B"]), new Set(["B", "C"])])).toEqual(["B", "C"]);
    expect(common([])).toEqual([]);
  });
});

/** Returns numbers from 0 to below 1, reproducible by a seed. */
function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) / 2 ** 24;
  };
}

const MARKERS = ["air", "cmd", "co2", "discharge", "fan", "point", "run", "sp", "temp", "zone"];

function generatedEquipment(seed: number): Point[] {
  const random = randoms(seed);
  const [count, size] = [1 + Math.floor(7 * random()), 2 + Math.floor(9 * random())];
  const markers = MARKERS.slice(0, size);
  return Array.from({ length: count }, (_, index) => {
    const tags = markers.filter(() => random() < 0.5);
    return point(`p${index}`, [...tags, "equip=AHU-1", ...(random() < 0.2 ? ["floor=2"] : [])]);
  });
}

/** Returns the sets of a point's markers that no other point has, by trying all of them. */
function uniqueSets(chosen: Point, others: Point[]): string[][] {
  const markers = chosen.tags.filter((tag) => !tag.includes("="));
  const sets = Array.from({ length: 2 ** markers.length }, (_, bits) =>
    markers.filter((_tag, index) => bits & (1 << index)),
  );
  return sets.filter(
    (set) => set.length && !others.some(({ tags }) => set.every((tag) => tags.includes(tag))),
  );
}

describe("the shortest tags", () => {
  test.each(Array.from({ length: 300 }, (_, seed) => seed))(
    "are those of a search in all sets (%i)",
    (seed) => {
      const members = generatedEquipment(seed);
      for (const chosen of members) {
        const others = members.filter((other) => other !== chosen);
        const sets = uniqueSets(chosen, others);
        const role = shortestRole(chosen, others);
        if (!sets.length) expect(role).toBeUndefined();
        else {
          expect(sets).toContainEqual(role);
          expect(role?.length).toBe(Math.min(...sets.map((set) => set.length)));
        }
      }
    },
  );

  test("roles of generated equipment select its points", () => {
    for (let seed = 300; seed < 500; seed++) {
      const members = generatedEquipment(seed);
      const result = templateOf(members, members);
      if ("reason" in result) {
        expect(members.some((chosen) => !uniqueSets(chosen, without(members, chosen)).length)).toBe(true);
        continue;
      }
      const selected = result.template.roles.map((role) =>
        members.filter(({ tags }) => role.every((tag) => tags.includes(tag))),
      );
      expect(selected).toEqual(members.map((chosen) => [chosen]));
    }
  });

  test("case and keys of pairs are compared as the API does", () => {
    const chosen = point("a", ["Fan", "stage", "Run"]);
    expect(shortestRole(chosen, [point("b", ["fan", "stage=2"])])).toEqual(["Run"]);
    expect(shortestRole(chosen, [])).toEqual(["Fan"]);
  });

  test("many tags take bounded time", () => {
    const tags = Array.from({ length: 100 }, (_, index) => `t${index}`);
    const others = tags.map((_, index) =>
      point(`o${index}`, [...tags.slice(0, index), ...tags.slice(index + 1)]),
    );
    const result = templateOf([point("a", tags)], [point("a", tags), ...others]);
    expect(result).toHaveProperty("reason", expect.stringContaining("needs too many tags"));
  });
});

describe("a selection without a template says why", () => {
  const reasonOf = (points: Point[], members: Point[]) => {
    const result = templateOf(points, members);
    return "reason" in result ? result.reason : "";
  };

  test("several equipment, or none", () => {
    const [one, other] = [point("a", ["x"]), point("b", ["x"], "AHU-2")];
    expect(commonEquipment([one, other])).toHaveProperty(
      "reason",
      expect.stringContaining("AHU-1 and AHU-2"),
    );
    expect(reasonOf([one, point("c", ["x"], null)], [])).toContain("“c” belongs to no equipment");
  });

  test("the same tags, or none", () => {
    const twins = [point("a", ["x", "y"]), point("b", ["x", "y", "z"])];
    expect(reasonOf(twins, twins)).toContain("“b” of AHU-1 has all of them");
    expect(reasonOf([point("a", ["k=v", "x,y"])], [])).toContain("no marker tags");
  });
});

test("only brackets step", () => {
  const press = { ctrlKey: false, altKey: false, metaKey: false };
  expect(["[", "]", "a", "toString"].map((key) => stepByKey({ ...press, key }))).toEqual([
    -1,
    1,
    undefined,
    undefined,
  ]);
  expect(stepByKey({ ...press, key: "[", ctrlKey: true })).toBeUndefined();
  expect(stepByKey({ ...press, key: "[", ctrlKey: true, altKey: true }, true)).toBe(-1);
});

function without(members: Point[], chosen: Point): Point[] {
  return members.filter((member) => member !== chosen);
}

test("a step to other equipment says why it is off", () => {
  const help = (kind: string[] | undefined, kindError?: Error) => {
    const next = (step: 1 | -1) => kind && neighbour(kind, "AHU-1", step);
    return stepHelp({ kind, kindError, neighbour: next }, 1, "press ]");
  };
  expect(help(["AHU-1", "AHU-2"])).toBe("press ]");
  expect(help(["AHU-1"])).toBe("There is no other equipment of the kind");
  expect(help([])).toBe("There is no other equipment of the kind");
  expect(help(undefined)).toBe("The other equipment is loading");
  expect(help(undefined, new Error("HTTP 500"))).toBe("The other equipment could not be loaded");
});
