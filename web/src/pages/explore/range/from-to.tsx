import { useEffect, useState } from "preact/hooks";
import { zone } from "../../../ui/format";
import { fromInput, toInput } from "../format";
import { HOUR, isSpan, MINUTE, type Range, SECOND, type Span, sameSpan, stored } from "./range";

type Props = { range: Range; span: Span; onRange: (range: Range) => void };

const EDGES = ["from", "to"] as const;

/** The edges as fields. Taken on Enter or when the field is left, for a year that is half typed is a year too. */
export function FromTo(props: Props) {
  const { step, text, type, valid, apply } = useEdges(props);
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
            // Without it a year goes on after four digits.
            max="9999-12-31T23:59"
            value={text[edge]}
            aria-invalid={!valid}
            title={valid ? `Time zone: ${zone(props.span.to)}` : "The end must be after the start"}
            onInput={(event) => type(edge, event.currentTarget.value)}
            onBlur={apply}
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

/** The text of both fields, as typed or as shown, and the span that they name. */
function useEdges({ range, span, onRange }: Props) {
  // A field with seconds is wider, and they matter in short spans only.
  const step = span.to - span.from < HOUR ? SECOND : MINUTE;
  const shown = { from: toInput(span.from, step), to: toInput(span.to, step) };
  // What is being typed stays while a live range moves on.
  const [typed, setTyped] = useState<Partial<typeof shown>>({});
  useEffect(() => setTyped({}), [range]);
  const text = { ...shown, ...typed };
  const timeOf = (edge: "from" | "to") => (text[edge] === shown[edge] ? span[edge] : fromInput(text[edge]));
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
