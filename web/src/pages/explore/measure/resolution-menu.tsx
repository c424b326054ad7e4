import type { Point } from "../../../api/types";
import { Menu, type MenuOption } from "../../../ui/menu";
import type { Span } from "../range/range";
import { hasMeasure, MEASURES } from "./measures";
import type { Choice, Plan } from "./plan";
import { BUCKET_TITLES, BUCKETS, type Bucket, bucketReason, type Resolution, rawReason } from "./resolutions";

type Props = {
  choice: Choice;
  plan: Plan;
  points: readonly Point[];
  span: Span;
  onChoose: (resolution: Resolution) => void;
};

/** The length of the buckets of a chart, or its samples. */
export function ResolutionMenu({ choice, plan, points, span, onChoose }: Props) {
  const { bucket } = plan;
  return (
    <Menu
      name="Resolution"
      text={textOf(choice, plan)}
      options={optionsOf(choice, points, span)}
      value={choice.resolution}
      chosen={bucket !== undefined && bucket === choice.resolution}
      onChoose={onChoose}
    />
  );
}

function textOf({ resolution }: Choice, { bucket, raw }: Plan): string {
  if (raw) return "All samples";
  if (!bucket) return "Automatic";
  return bucket === resolution ? BUCKET_TITLES[bucket] : `Automatic, ${BUCKET_TITLES[bucket]}`;
}

/** Returns the entries, each with the reason for which the points cannot have it in the span. */
export function optionsOf(
  { measure }: Choice,
  points: readonly Point[],
  span: Span,
): MenuOption<Resolution>[] {
  const measured = points.filter(({ kind }) => hasMeasure(kind, measure)).length;
  const intervals = points.map(({ interval_seconds }) => interval_seconds);
  const none = measure ? MEASURES[measure].reason : "These points are drawn from samples, never from buckets";
  const buckets = (Object.keys(BUCKETS) as Bucket[]).map((value) => ({
    value,
    title: BUCKET_TITLES[value],
    help: HELP[value],
    reason: measured ? bucketReason(value, span, measured) : none,
  }));
  return [
    { value: "auto", title: "Automatic", help: "As fine as the range allows" },
    {
      value: "raw",
      title: "All samples",
      help: "Every sample, however many",
      reason: measure
        ? `${MEASURES[measure].title} needs buckets; choose a length`
        : rawReason(intervals, span),
    },
    ...buckets,
  ];
}

const HELP: Record<Bucket, string> = {
  "5m": "Five minutes by the clock",
  "15m": "Quarters of an hour",
  "1h": "Clock hours",
  "1d": "Local days, from midnight to midnight",
  "1w": "Local weeks, from Monday",
  "1mo": "Local months, from the first",
};
