import type { ComponentChildren } from "preact";
import { advice, sentence } from "./states";

/** What went wrong beside something that can still be looked at, and what to do about it. */
export function Notice({ error, children }: { error: Error; children?: ComponentChildren }) {
  return (
    <p class="notice" role="alert">
      <strong>{sentence(error.message)}</strong> {children ?? advice(error)}
    </p>
  );
}
