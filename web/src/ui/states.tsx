import type { ComponentChildren } from "preact";
import { ApiError } from "../api/client";

export function Loading({ subject }: { subject: string }) {
  return (
    <p class="state" role="status">
      <span class="spinner" aria-hidden="true" /> Loading {subject}…
    </p>
  );
}

/** Nothing is there, and `children` say what to do about it. */
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
      {id && <small>Request {id}</small>}
    </div>
  );
}

/** What somebody can do about an error. */
export function advice(error: Error): string {
  if (!(error instanceof ApiError)) return "This is a fault of the page; reload it.";
  if (error.status === 0)
    return "Check the network and that the stack is up (make run on this machine), then try again.";
  if (error.status === 403) return "Ask whoever runs this system for a token that allows it.";
  if (error.status === 413) return "Ask for less: a shorter range, fewer points, or an export.";
  if (error.status === 429) return "Too many requests at once; wait a moment.";
  if (error.status >= 500)
    return "Try again in a moment; if it stays, tell whoever runs this system the request's number.";
  return "Change what is asked for.";
}

/** An error's words as a sentence. */
export function sentence(text: string): string {
  const capitalized = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capitalized) ? capitalized : `${capitalized}.`;
}
