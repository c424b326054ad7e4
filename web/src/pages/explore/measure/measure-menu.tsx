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
  const none = bucket ? "Mean" : "Samples";
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

/** Returns the entries, each with the reason for which no point has it. */
export function optionsOf(none: "Mean" | "Samples", points: readonly Point[]): MenuOption<Entry>[] {
  const help =
    none === "Mean"
      ? "With the lowest and the highest sample of each bucket"
      : "Readings as they were collected";
  const measures = (Object.keys(MEASURES) as Measure[]).map((value) => {
    const { title, help, reason } = MEASURES[value];
    const applies = points.some(({ kind }) => hasMeasure(kind, value));
    return { value, title, help, reason: applies ? undefined : reason };
  });
  return [{ value: "mean", title: none, help }, ...measures];
}
