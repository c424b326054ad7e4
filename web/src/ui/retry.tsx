/** A small button that repeats a failed request. */
export function Retry({ onRetry }: { onRetry: () => void }) {
  return (
    <button type="button" class="quiet" onClick={onRetry}>
      Try again
    </button>
  );
}
