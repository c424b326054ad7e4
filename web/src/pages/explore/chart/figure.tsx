import { useContext, useId } from "preact/hooks";
import type { Store } from "../../../store";
import { isModified } from "../../../ui/keys";
import { sentence } from "../../../ui/states";
import { REASONS } from "../data/gaps";
import type { GapSpan } from "../data/line";
import type { Hover } from "../plot/cursor";
import { FIRST } from "../range/range";
import { SiteZone } from "../site-zone";
import type { PlotInput } from "./plot-holder";
import { Tooltip } from "./tooltip";
import { usePlot } from "./use-plot";

export type FigureProps = Omit<PlotInput, "timeZone"> & {
  /** The address of the Coverage page. */
  coverage: string;
  onWidth: (width: number) => void;
  hover: Store<Hover>;
};

const KEYS =
  "Arrow keys pan, + and - zoom, 0 returns to the preset. Shift with arrow keys, Page Up and Down, Home and End read the values; Escape hides them.";

/** The plot, or a text when there is nothing to draw. */
export function Figure({ coverage, onWidth, hover, ...input }: FigureProps) {
  const timeZone = useContext(SiteZone);
  const keys = useId();
  const { host, failure, press, leave } = usePlot({ ...input, timeZone }, hover, onWidth);
  const { chart, view, state } = input;
  return (
    <figure
      class="chart"
      ref={host}
      aria-busy={state === "loading" && failure === undefined}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the chart is moved by keys
      tabIndex={0}
      aria-label="Chart"
      aria-describedby={keys}
      onKeyDown={(event) => {
        if (isModified(event)) return;
        if (press(event)) event.preventDefault();
      }}
      onBlur={leave}
    >
      <p class="keys visually-hidden" id={keys}>
        {KEYS}
      </p>
      <Tooltip lines={chart.lines} hover={hover} host={host} />
      {failure !== undefined && <Failed error={failure} />}
      {state === "drawn" && !chart.rows && failure === undefined && (
        <Nothing gaps={chart.gaps} coverage={coverage} oldest={view.from === FIRST} />
      )}
    </figure>
  );
}

function Nothing({ gaps, coverage, oldest }: { gaps: GapSpan[]; coverage: string; oldest: boolean }) {
  const reasons = [...new Set(gaps.map(({ reason }) => REASONS[reason]))];
  return (
    <p class="nothing">
      <strong>No samples in this range{reasons.length > 0 && `: ${reasons.join(", ")}`}</strong>
      {oldest && "Samples before 1990 are not stored. "}Choose another range. <a href={coverage}>Coverage</a>{" "}
      shows which days have samples.
    </p>
  );
}

function Failed({ error }: { error: unknown }) {
  const message = error instanceof Error ? error.message : String(error);
  return (
    <p class="nothing" role="alert">
      <strong>The chart could not be drawn: {sentence(message)}</strong>
      Choose another range or other points. The download contains the values.
    </p>
  );
}
