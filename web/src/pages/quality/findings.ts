// The findings of a day: their texts, their order, and the chart around each.

import type { Finding } from "../../api/types";
import type { Page } from "../../route";
import { counted, duration } from "../../ui/format";
import { symbol } from "../explore/units";

export type FindingName = Finding["finding"];

/** The worst first, as the API sorts them. */
export const NAMES: Record<FindingName, string> = {
  outage: "Outage",
  silent: "Silent",
  stuck: "Stuck",
  range: "Out of range",
  jump: "Jump",
  text: "Rejected readings",
  idle: "Idle",
};
export const ORDER = Object.keys(NAMES) as FindingName[];

export const COLUMNS = ["finding", "point", "first", "last", "details"] as const;
export type Column = (typeof COLUMNS)[number];
export type Sort = { column: Column; descending: boolean };

/** Chart this much of a finding's length before and after it, and at least an hour. */
const MARGIN = 0.25;
const MIN_MARGIN_MS = 3_600_000;

export function isFindingName(text: string): text is FindingName {
  return (ORDER as string[]).includes(text);
}

/**
 * Returns the findings in the order of a column; equal ones keep the order of the API. Details have one amount
 * each, which is compared in its group only: the groups keep their order when the column is turned around.
 */
export function sorted(findings: readonly Finding[], { column, descending }: Sort): Finding[] {
  const sign = descending ? -1 : 1;
  return findings
    .map((finding) => ({ finding, group: groupOf(finding, column), key: keyOf(finding, column) }))
    .sort((a, b) => compare(a.group, b.group) || sign * compare(a.key, b.key))
    .map(({ finding }) => finding);
}

/** Returns the sort after a click on a column: another column ascends, the same one turns around. */
export function turned(sort: Sort, column: Column): Sort {
  return { column, descending: sort.column === column && !sort.descending };
}

export function titleOf(finding: Finding): string {
  return finding.point_name === null ? "The whole site" : finding.display_name;
}

/** Returns what is to say of a finding beside its times. */
export function detailsOf(finding: Finding): string {
  const { finding: name, count, longest_seconds: longest } = finding;
  switch (name) {
    case "outage":
      return counted(finding.points ?? 0, "point");
    case "silent":
      return "";
    case "stuck":
      return `at ${amount(finding.value, finding)} for ${duration(longest ?? 0)}`;
    case "idle":
      return `at 0 for ${duration(longest ?? 0)}`;
    case "range":
      return `${counted(count, "sample")}, worst ${amount(finding.value, finding)}`;
    case "jump":
      return `${counted(count, "step")}, largest ${amount(finding.value, finding)}`;
    case "text":
      return counted(count, "hour");
  }
}

/** Returns the page of a finding: the chart of the point around it; of an outage, the coverage of the day. */
export function targetOf(finding: Finding, date: string): [Page, Record<string, string>] {
  if (finding.point_name === null) return ["coverage", { day: date }];
  const [first, last] = [Date.parse(finding.first_time), Date.parse(finding.last_time)];
  const margin = Math.max(MIN_MARGIN_MS, MARGIN * (last - first));
  const [from, to] = [first - margin, last + margin].map((moment) => new Date(moment).toISOString());
  return ["explore", { point: finding.point_name, from: from ?? "", to: to ?? "" }];
}

function amount(value: number | null, { unit }: Finding): string {
  return `${value === null ? "–" : Number(value.toPrecision(6))} ${symbol(unit)}`.trim();
}

/** Returns what findings have in common whose details can be compared: the finding, of sizes also the unit. */
function groupOf({ finding: name, unit }: Finding, column: Column): string {
  if (column !== "details") return "";
  return `${ORDER.indexOf(name)} ${name === "range" || name === "jump" ? symbol(unit) : ""}`;
}

function keyOf(finding: Finding, column: Column): string | number {
  switch (column) {
    case "finding":
      return ORDER.indexOf(finding.finding);
    case "point":
      return titleOf(finding).toLowerCase();
    case "first":
      return Date.parse(finding.first_time);
    case "last":
      return Date.parse(finding.last_time);
    case "details":
      return amountOf(finding);
  }
}

/** Returns the amount that the details show: points, seconds, a size without its sign, or hours. */
function amountOf({ finding: name, points, longest_seconds, value, count }: Finding): number {
  switch (name) {
    case "outage":
      return points ?? 0;
    case "silent":
      return 0;
    case "stuck":
    case "idle":
      return longest_seconds ?? 0;
    case "range":
    case "jump":
      return Math.abs(value ?? 0);
    case "text":
      return count;
  }
}

function compare(first: string | number, second: string | number): number {
  return first < second ? -1 : first > second ? 1 : 0;
}
