import { useContext, useEffect, useId, useState } from "preact/hooks";
import { fromInput, toInput } from "../format";
import { SiteZone } from "../site-zone";
import { HOUR, isSpan, MINUTE, type Range, SECOND, type Span, sameSpan, stored } from "./range";

type Props = { range: Range; span: Span; onRange: (range: Range) => void };

const EDGES = ["from", "to"] as const;

/** Fields for the edges. They apply on Enter or blur, because a half-typed year is a valid year too. */
export function FromTo(props: Props) {
  const timeZone = useContext(SiteZone);
  const reason = useId();
  const { step, text, type, valid, apply } = useEdges(props, timeZone);
  return (
    <form
      class="from-to"
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      {EDGES.map((edge) => (
        <label key={edge}>
          <span class={edge}>{edge === "from" ? "From" : "to"}</span>
          <input
            type="datetime-local"
            step={step / SECOND}
            // Limits the year to four digits.
            max="9999-12-31T23:59"
            value={text[edge]}
            aria-invalid={!valid}
            aria-describedby={valid ? undefined : reason}
            onInput={(event) => type(edge, event.currentTarget.value)}
            onBlur={apply}
          />
        </label>
      ))}
      <small class="refused" id={reason} role="alert">
        {!valid && "The end must be after the start."}
      </small>
      {/* Enter submits a form with two fields only when it has a button. */}
      <button type="submit" class="visually-hidden" tabIndex={-1}>
        Show
      </button>
    </form>
  );
}

/** State of both fields: their text, and the span that they describe. */
function useEdges({ range, span, onRange }: Props, timeZone: string) {
  // Seconds make the fields wider and matter only in short spans.
  const step = span.to - span.from < HOUR ? SECOND : MINUTE;
  const shown = { from: toInput(span.from, step, timeZone), to: toInput(span.to, step, timeZone) };
  // Typed text stays while a live range advances.
  const [typed, setTyped] = useState<Partial<typeof shown>>({});
  useEffect(() => setTyped({}), [range]);
  const text = { ...shown, ...typed };
  const timeOf = (edge: "from" | "to") =>
    text[edge] === shown[edge] ? span[edge] : fromInput(text[edge], timeZone);
  const next = { from: timeOf("from"), to: timeOf("to") };
  const valid = isSpan(next);
  const apply = () => {
    if (!valid) return;
    setTyped({});
    if (!sameSpan(stored(next), span)) onRange(stored(next));
  };
  const type = (edge: "from" | "to", value: string) => setTyped({ ...typed, [edge]: value });
  return { step, text, type, valid, apply };
}
