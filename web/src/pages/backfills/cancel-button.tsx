import { useEffect, useRef, useState } from "preact/hooks";
import type { Api } from "../../api/client";
import { useAction } from "../../ui/action";
import { Notice } from "../../ui/notice";

/** Cancels the run, once asked whether it should. */
export function CancelButton({ api, path, cancelled }: { api: Api; path: string; cancelled: () => void }) {
  const [asking, ask] = useState(false);
  const keep = useRef<HTMLButtonElement>(null);
  const cancel = useAction(async () => {
    await api.post(`${path}/cancel`, {});
    cancelled();
  });
  useEffect(() => {
    if (asking) keep.current?.focus();
  }, [asking]);
  if (!asking)
    return (
      <button type="button" onClick={() => ask(true)}>
        Cancel the run
      </button>
    );
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div class="confirm" role="group" aria-label="Cancel the run?">
      <span>No further hour is read; days that are archived stay.</span>
      <button type="button" class="danger" disabled={cancel.busy} onClick={() => cancel.begin()}>
        {cancel.busy ? "Cancelling…" : "Yes, cancel"}
      </button>
      <button type="button" ref={keep} onClick={() => ask(false)}>
        No, go on
      </button>
      {cancel.error && <Notice error={cancel.error} />}
    </div>
  );
}
