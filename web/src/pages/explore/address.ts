// The address of the Explore page: everything that a link must reproduce.

import { number } from "../../ui/format";
import { parseVersus, type Versus } from "./compare/versus";
import { MAX_LINES } from "./data/line";
import { type Measure, parseMeasure } from "./measure/measures";
import { parseResolution, type Resolution } from "./measure/resolutions";
import { formatRange, parseRange, type Range } from "./range/range";
import { formatTabState, parseTabState, type TabState } from "./tabs/state";
import { formatTemplate, parseTemplate, rolesIn, type Template } from "./template/template";

export type ZoneChoice = "site" | "browser";

export type Address = {
  /** Empty when a template selects them. */
  points: string[];
  template: Template | undefined;
  range: Range;
  zone: ZoneChoice;
  resolution: Resolution;
  measure: Measure | undefined;
  versus: Versus | undefined;
  /** Whether all units are drawn in one pane. */
  single: boolean;
  tabs: TabState;
};

export function parseAddress(parameters: URLSearchParams): Address {
  const template = parseTemplate(parameters);
  return {
    points: template ? [] : namesOf(parameters),
    template,
    range: parseRange(parameters),
    zone: parameters.get("zone") === "browser" ? "browser" : "site",
    resolution: parseResolution(parameters.get("resolution")),
    measure: parseMeasure(parameters.get("measure")),
    versus: parseVersus(parameters.get("vs")),
    single: parameters.get("panes") === "one",
    tabs: parseTabState(parameters),
  };
}

/** Returns the parameters of an address, without those that have their default. */
export function formatAddress(address: Address): URLSearchParams {
  const { points, template, range, zone, resolution, measure, versus, single, tabs } = address;
  return new URLSearchParams([
    ...(template ? formatTemplate(template) : points.map((name) => ["point", name])),
    ...(zone === "browser" ? [["zone", zone]] : []),
    ...(resolution === "auto" ? [] : [["resolution", resolution]]),
    ...(measure ? [["measure", measure]] : []),
    ...(versus ? [["vs", versus]] : []),
    ...(single ? [["panes", "one"]] : []),
    ...formatRange(range),
    ...formatTabState(tabs),
  ]);
}

/** Returns an address after a change; points by name replace a template. */
export function changed(address: Address, change: Partial<Address>): Address {
  return { ...address, ...(change.points && { template: undefined }), ...change };
}

/** Returns the points in an address, without duplicates. */
function namesOf(parameters: URLSearchParams): string[] {
  return allNamesOf(parameters).slice(0, MAX_LINES);
}

function allNamesOf(parameters: URLSearchParams): string[] {
  return [...new Set(parameters.getAll("point"))].filter(Boolean);
}

/** Returns a text about the points that an address names beyond those that a chart shows. */
export function omittedIn(parameters: URLSearchParams): string | undefined {
  const all = parseTemplate(parameters) ? rolesIn(parameters) : allNamesOf(parameters);
  if (all.length <= MAX_LINES) return undefined;
  return `The link names ${number(all.length)} points. The first ${MAX_LINES} are shown, the most that a chart has.`;
}
