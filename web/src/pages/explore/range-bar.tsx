import { useEffect, useState } from "preact/hooks";
import { zone } from "../../ui/format";
import { fromInput, toInput } from "./format";
import {
  HOUR,
  isLive,
  isSpan,
  MINUTE,
  PRESETS,
  type Preset,
  type Range,
  SECOND,
  type Span,
  sameSpan,
  stored,
} from "./range";

type Props = { range: Range; span: Span; onRange: (range: Range) => void; preset: Preset };

/** Presets, from and to, and whether the chart follows the present. */
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
      <button
        type="button"
        class="live"
        aria-pressed={live}
        title={live ? "Following the present; press to hold" : "Press to follow the present"}
        onClick={() => onRange(live ? span : preset)}
      >
        <span class="dot" aria-hidden="true" /> Live
      </button>
      <FromTo range={range} span={span} onRange={onRange} />
    </>
  );
}

/** Taken on Enter or when the field is left, for a year that is half typed is a year too. */
function FromTo({ range, span, onRange }: Omit<Props, "preset">) {
  // A field with seconds is wider, and they matter in short spans only.
  const step = span.to - span.from < HOUR ? SECOND : MINUTE;
  const shown = { from: toInput(span.from, step), to: toInput(span.to, step) };
  // What is being typed stays while a live range moves on.
  const [typed, setTyped] = useState<Partial<typeof shown>>({});
  useEffect(() => setTyped({}), [range]);
  const edge = (name: "from" | "to") => {
    const text = typed[name] ?? shown[name];
    return text === shown[name] ? span[name] : fromInput(text);
  };
  const asked = { from: edge("from"), to: edge("to") };
  const wrong = !isSpan(asked);
  const take = () => {
    if (wrong) return;
    setTyped({});
    const next = stored(asked);
    if (!sameSpan(next, span)) onRange(next);
  };
  return (
    <form
      class="from-to"
      onSubmit={(event) => {
        event.preventDefault();
        take();
      }}
    >
      {(["from", "to"] as const).map((name) => (
        <label key={name}>
          <span class={name}>{name === "from" ? "From" : "to"}</span>
          <input
            type="datetime-local"
            step={step / SECOND}
            // Without it a year goes on after four digits.
            max="9999-12-31T23:59"
            value={typed[name] ?? shown[name]}
            aria-invalid={wrong}
            title={wrong ? "The end must be after the start" : `Time zone: ${zone(span.to)}`}
            onInput={(event) => setTyped({ ...typed, [name]: event.currentTarget.value })}
            onBlur={take}
          />
        </label>
      ))}
      {/* A form of two fields is sent by Enter only where it has a button. */}
      <button type="submit" class="visually-hidden" tabIndex={-1}>
        Show
      </button>
    </form>
  );
}

/** Copies a link to what is shown. */
export function CopyLink({ link }: { link: string }) {
  const [told, tell] = useState("");
  useEffect(() => {
    if (told !== "Copied") return;
    const timer = setTimeout(() => tell(""), 2_000);
    return () => clearTimeout(timer);
  }, [told]);
  const copy = () =>
    // Without a secure origin there is no clipboard.
    Promise.resolve(navigator.clipboard?.writeText(link) ?? Promise.reject()).then(
      () => tell("Copied"),
      () => tell("failed"),
    );
  return (
    <span class="copy">
      <button type="button" onClick={copy}>
        <span aria-live="polite">{told === "Copied" ? "Copied" : "Copy link"}</span>
      </button>
      {told === "failed" && (
        <input
          readOnly
          value={link}
          aria-label="Link to this chart"
          ref={(input) => input?.select()}
          onBlur={() => tell("")}
        />
      )}
    </span>
  );
}
