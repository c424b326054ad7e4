import { useEffect, useRef, useState } from "preact/hooks";
import type { Api } from "../../api/client";
import { useAction } from "../../ui/action";
import { Notice } from "../../ui/notice";

/** Cancels the run after a confirmation. */
export function CancelButton({
  api,
  path,
  onCancelled,
}: {
  api: Api;
  path: string;
  onCancelled: () => void;
}) {
  const [confirming, setConfirming] = useState(false);
  const noButton = useRef<HTMLButtonElement>(null);
  const cancel = useAction(async () => {
    await api.post(`${path}/cancel`, {});
    onCancelled();
  });
  useEffect(() => {
    if (confirming) noButton.current?.focus();
  }, [confirming]);
  if (!confirming)
    return (
      <button type="button" onClick={() => setConfirming(true)}>
        Cancel the run
      </button>
    );
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div class="confirm" role="group" aria-label="Cancel the run?">
      <span>No further hours are read. Archived days stay.</span>
      <button type="button" class="danger" disabled={cancel.busy} onClick={() => cancel.begin()}>
        {cancel.busy ? "Cancelling…" : "Yes, cancel"}
      </button>
      <button type="button" ref={noButton} onClick={() => setConfirming(false)}>
        No, continue
      </button>
      {cancel.error && <Notice error={cancel.error} />}
    </div>
  );
}
