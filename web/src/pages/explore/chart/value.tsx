import { useContext } from "preact/hooks";
import { duration, times } from "../../../ui/format";
import { REASONS } from "../data/gaps";
import { COLOURS, dashOf, type GapSpan, type Line } from "../data/line";
import type { LineValue } from "../data/line-value";
import { formatValue } from "../format";
import { SECOND } from "../range/range";
import { SiteZone } from "../site-zone";
import { symbol } from "../units";
import { stateText } from "./moment";

/** The colour and the dash of a line, as in the chart. */
export function Swatch({ slot }: { slot: number }) {
  return (
    <svg class={`swatch ink-${slot % COLOURS}`} width="16" height="10" aria-hidden="true">
      <line
        {...{ x1: "0", y1: "5", x2: "16", y2: "5" }}
        stroke="currentColor"
        stroke-width="3"
        stroke-dasharray={dashOf(slot).join(" ") || undefined}
      />
    </svg>
  );
}

export function Missing({ gap: { from, to, reason } }: { gap: GapSpan }) {
  const timeZone = useContext(SiteZone);
  return (
    <>
      <span class="gap">{REASONS[reason]}</span>
      <small>
        {times(from, to, timeZone)} ({duration((to - from) / SECOND)})
      </small>
    </>
  );
}

export function Value({ line, sample, long = false }: { line: Line; sample: LineValue; long?: boolean }) {
  if (sample.kind === "none") return <>{line.times.length && isHeld(line) ? "no value" : "–"}</>;
  if (sample.kind === "gap")
    return long ? <Missing gap={sample.gap} /> : <span class="gap">{REASONS[sample.gap.reason]}</span>;
  const { value, low, high } = sample;
  if (line.draw === "lane") return <>{stateText(line, low ?? value, high ?? value)}</>;
  if (line.draw === "bars" && low !== undefined && high !== undefined && low < high)
    return (
      <>
        {long ? `${formatValue(low)} – ${formatValue(high)}` : `≥ ${formatValue(low)}`}{" "}
        <span class="unit">{symbol(line.unit)}</span>
      </>
    );
  return (
    <>
      <Amount line={line} value={value} />
      {long && low !== undefined && high !== undefined && low !== high && (
        <small>
          {formatValue(low)} – {formatValue(high)}
        </small>
      )}
    </>
  );
}

/** A value of a line: a number with its unit, or the name of a state. */
export function Amount({ line, value }: { line: Line; value: number }) {
  if (line.draw === "lane") return <>{stateText(line, value, value)}</>;
  return (
    <>
      {formatValue(value)} <span class="unit">{symbol(line.unit)}</span>
    </>
  );
}

/** Whether a value of the line stays in force until the next. */
function isHeld({ draw }: Line): boolean {
  return draw === "steps" || draw === "lane";
}
