import { Helped } from "../../../ui/helped";
import { CalendarMenu } from "./calendar-menu";
import { FromTo } from "./from-to";
import { isLive, type NamedRange, PRESETS, type Preset, type Range, type Span } from "./range";

type Props = { range: Range; span: Span; onRange: (range: Range) => void; preset: NamedRange };

/** Presets, ranges of days, the Live button, and the edges. */
export function RangeBar({ range, span, onRange, preset }: Props) {
  const live = isLive(range);
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset can't be laid out among the other controls */}
      <div class="presets" role="group" aria-label="Range">
        {(Object.keys(PRESETS) as Preset[]).map((name) => (
          <button key={name} type="button" aria-pressed={range === name} onClick={() => onRange(name)}>
            {name.replace(/\d+/, "$& ")}
          </button>
        ))}
      </div>
      <CalendarMenu range={range} onRange={onRange} />
      <Helped
        help={
          live ? "The chart follows the current time. Press to pause." : "Press to follow the current time."
        }
      >
        {(help) => (
          <button
            type="button"
            class="live"
            aria-pressed={live}
            aria-describedby={help}
            onClick={() => onRange(live ? span : preset)}
          >
            <span class="dot" aria-hidden="true" /> Live
          </button>
        )}
      </Helped>
      <FromTo range={range} span={span} onRange={onRange} />
    </>
  );
}
