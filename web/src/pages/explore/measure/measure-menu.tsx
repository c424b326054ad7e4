import type { Point } from "../../../api/types";
import { Menu, type MenuOption } from "../../../ui/menu";
import { hasMeasure, MEASURES, type Measure } from "./measures";
import type { Choice, Plan } from "./plan";

type Entry = Measure | "mean";

type Props = {
  choice: Choice;
  plan: Plan;
  points: readonly Point[];
  onChoose: (measure: Measure | undefined) => void;
};

/** What the values of buckets are. */
export function MeasureMenu({ choice: { measure }, plan: { bucket }, points, onChoose }: Props) {
  const none = noneOf(bucket !== undefined, points);
  return (
    <Menu<Entry>
      name="Measure"
      text={measure ? MEASURES[measure].title : none}
      options={optionsOf(none, points)}
      value={measure ?? "mean"}
      chosen={measure !== undefined}
      onChoose={(entry) => onChoose(entry === "mean" ? undefined : entry)}
    />
  );
}

/** What a chart without a measure shows. */
type Unmeasured = keyof typeof UNMEASURED;

const UNMEASURED = {
  Samples: "Readings as they were collected",
  Mean: "With the lowest and the highest sample of each bucket; of counters the last",
  "Last readings": "The last reading of each bucket, with the lowest and the highest",
};

export function noneOf(inBuckets: boolean, points: readonly Point[]): Unmeasured {
  if (!inBuckets) return "Samples";
  // Until the points are loaded, most are expected to have a mean.
  const hasMeans = !points.length || points.some(({ kind }) => kind === "analog");
  return hasMeans ? "Mean" : "Last readings";
}

/** Returns the entries, each with the reason for which no point has it; those with a reason are the last. */
export function optionsOf(none: Unmeasured, points: readonly Point[]): MenuOption<Entry>[] {
  const measures = (Object.keys(MEASURES) as Measure[]).map((value) => {
    const { title, help, reason } = MEASURES[value];
    const applies = points.some(({ kind }) => hasMeasure(kind, value));
    return { value, title, help, reason: applies ? undefined : reason };
  });
  const [offered, refused] = [true, false].map((offer) =>
    measures.filter(({ reason }) => (reason === undefined) === offer),
  ) as [MenuOption<Entry>[], MenuOption<Entry>[]];
  return [{ value: "mean", title: none, help: UNMEASURED[none] }, ...offered, ...refused];
}
