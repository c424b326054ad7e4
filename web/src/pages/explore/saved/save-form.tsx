import { useRef, useState } from "preact/hooks";
import { Confirm } from "./confirm";
import type { Views } from "./use-views";
import { viewName } from "./view-text";

const MAX_NAME = 80;

/** Saves what is shown under a name; asks before it replaces a view. */
export function SaveForm({ views, text }: { views: Views; text: string }) {
  const field = useRef<HTMLInputElement>(null);
  const [replaced, setReplaced] = useState<string>();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const name = viewName(field.current?.value ?? null);
    if (!name) return;
    if (views.views?.some((view) => view.name === name)) setReplaced(name);
    else views.save(name, text);
  };
  const answer = (isConfirmed: boolean) => {
    if (isConfirmed && replaced !== undefined) views.save(replaced, text);
    setReplaced(undefined);
    field.current?.focus();
  };
  return (
    <form class="more" onSubmit={submit}>
      <label>
        Save this view…
        <input
          ref={field}
          name="name"
          required
          maxLength={MAX_NAME}
          autocomplete="off"
          placeholder="Name"
          onInput={() => setReplaced(undefined)}
        />
      </label>
      {replaced === undefined ? (
        // Without the list it is not known whether the name exists.
        <button type="submit" disabled={views.busy || !views.views}>
          Save
        </button>
      ) : (
        <Confirm
          question={`Replace “${replaced}”?`}
          verb="Replace"
          onConfirm={() => answer(true)}
          onCancel={() => answer(false)}
        />
      )}
    </form>
  );
}
