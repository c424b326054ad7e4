import { useEffect, useState } from "preact/hooks";

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
