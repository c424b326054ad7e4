import { useEffect, useState } from "preact/hooks";

/** Copies a link to the chart, or shows it when there is no clipboard. */
export function CopyLink({ link }: { link: string }) {
  const [result, setResult] = useState<"copied" | "failed" | undefined>();
  useEffect(() => {
    if (result !== "copied") return;
    const timer = setTimeout(() => setResult(undefined), 2_000);
    return () => clearTimeout(timer);
  }, [result]);
  const copy = () =>
    // The clipboard needs a secure origin.
    Promise.resolve(navigator.clipboard?.writeText(link) ?? Promise.reject()).then(
      () => setResult("copied"),
      () => setResult("failed"),
    );
  return (
    <span class="copy">
      <button type="button" onClick={copy}>
        <span aria-live="polite">{result === "copied" ? "Copied" : "Copy link"}</span>
      </button>
      {result === "failed" && (
        <input
          readOnly
          value={link}
          aria-label="Link to this chart"
          ref={(input) => input?.select()}
          onBlur={() => setResult(undefined)}
        />
      )}
    </span>
  );
}
