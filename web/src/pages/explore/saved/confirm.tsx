import { useLayoutEffect, useRef } from "preact/hooks";

type Props = { question: string; verb: string; onConfirm: () => void; onCancel: () => void };

/** Asks before a view is lost; the focus is on the answer that loses nothing. */
export function Confirm({ question, verb, onConfirm, onCancel }: Props) {
  const cancel = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => cancel.current?.focus(), []);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div class="confirm" role="group" aria-label={question}>
      <span>{question}</span>
      <button type="button" class="danger" onClick={onConfirm}>
        {verb}
      </button>
      <button type="button" ref={cancel} onClick={onCancel}>
        Cancel
      </button>
    </div>
  );
}
