import { useEffect, useState } from "preact/hooks";

type Props = { title: string; label: string; textOf: () => string };

/** A button that copies a text, or shows it when there is no clipboard; `label` names the text. */
export function Copy({ title, label, textOf }: Props) {
  const [result, setResult] = useState<"copied" | "failed" | undefined>();
  useEffect(() => {
    if (result !== "copied") return;
    const timer = setTimeout(() => setResult(undefined), 2_000);
    return () => clearTimeout(timer);
  }, [result]);
  const copy = () =>
    // The clipboard needs a secure origin.
    Promise.resolve(navigator.clipboard?.writeText(textOf()) ?? Promise.reject()).then(
      () => setResult("copied"),
      () => setResult("failed"),
    );
  return (
    <span class="copy">
      <button type="button" onClick={copy}>
        <span aria-live="polite">{result === "copied" ? "Copied" : title}</span>
      </button>
      {result === "failed" && (
        <textarea
          readOnly
          rows={1}
          value={textOf()}
          aria-label={label}
          ref={(field) => field?.select()}
          onBlur={() => setResult(undefined)}
        />
      )}
    </span>
  );
}
