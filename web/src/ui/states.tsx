import type { ComponentChildren } from "preact";
import { ApiError } from "../api/client";

export function Loading({ subject }: { subject: string }) {
  return (
    <p class="state" role="status">
      <span class="spinner" aria-hidden="true" /> Loading {subject}…
    </p>
  );
}

/** A state without content; `children` say what to do. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="state">
      <strong>{title}</strong>
      {children && <p>{children}</p>}
    </div>
  );
}

export function Failure({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const id = error instanceof ApiError ? error.requestId : "";
  return (
    <div class="state failure" role="alert">
      <strong>{sentence(error.message)}</strong>
      <p>{advice(error)}</p>
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
      {id && <small>Request ID {id}</small>}
    </div>
  );
}

/** Returns what the user can do about an error. */
export function advice(error: Error): string {
  if (!(error instanceof ApiError)) return "The page has a bug. Reload it.";
  if (error.status === 0)
    return "Check the network and that the stack is up (make run on this machine). Then try again.";
  if (error.status === 403) return "Ask the operator for a token that allows this.";
  if (error.status === 413) return "Choose a shorter range or fewer points, or start an export.";
  if (error.status === 429) return "Too many requests. Wait a moment, then try again.";
  if (error.status >= 500)
    return "Try again in a moment. If the error persists, send the request ID to the operator.";
  return "Check the site, the points and the range.";
}

/** Returns an error text as a sentence. */
export function sentence(text: string): string {
  return capitalized(/[.!?]$/.test(text) ? text : `${text}.`);
}

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
