import type { ComponentChildren } from "preact";
import { advice, sentence } from "./states";

/** An error above content that is still usable, with advice. */
export function Notice({ error, children }: { error: Error; children?: ComponentChildren }) {
  return (
    <p class="notice" role="alert">
      <strong>{sentence(error.message)}</strong> {children ?? advice(error)}
    </p>
  );
}
