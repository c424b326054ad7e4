import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Api } from "../../../api/client";
import type { SavedView } from "../../../api/types";
import { go } from "../../../route";
import { Retry } from "../../../ui/retry";
import { sentence } from "../../../ui/states";
import { usePopover } from "../../../ui/use-popover";
import { Confirm } from "./confirm";
import { SaveForm } from "./save-form";
import { useViews, type Views } from "./use-views";
import { routeOfView } from "./view-text";
import "./views.css";

type Props = {
  api: Api;
  site: string;
  /** What is shown, as the text of a view. */
  text: string | undefined;
};

/** The saved views of the site. */
export function ViewsMenu(props: Props) {
  const { open, toggle, close, box, button } = usePopover();
  const leave = () => {
    close();
    button.current?.focus();
  };
  return (
    <div class="menu views" ref={box}>
      <button type="button" ref={button} aria-haspopup="dialog" aria-expanded={open} onClick={toggle}>
        Views
      </button>
      {open && <Sheet {...props} onClose={leave} />}
    </div>
  );
}

function Sheet({ api, site, text, onClose }: Props & { onClose: () => void }) {
  const views = useViews(api, site);
  const sheet = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => sheet.current?.focus(), []);
  const openView = ({ view }: SavedView) => {
    onClose();
    go(routeOfView(site, view));
  };
  return (
    <div class="sheet" role="dialog" aria-label="Saved views" tabIndex={-1} ref={sheet}>
      <List views={views} onOpen={openView} onRemoved={() => sheet.current?.focus()} />
      {text !== undefined && <SaveForm views={views} text={text} />}
      <p class="outcome" role="status">
        {views.done}
      </p>
      {views.refused && (
        <p class="notice" role="alert">
          {views.refused.message}
        </p>
      )}
    </div>
  );
}

type ListProps = { views: Views; onOpen: (view: SavedView) => void; onRemoved: () => void };

function List({ views, onOpen, onRemoved }: ListProps) {
  if (views.error)
    return (
      <p class="failure" role="alert">
        {sentence(views.error.message)} <Retry onRetry={views.reload} />
      </p>
    );
  if (!views.views) return <p class="hint">Loading views…</p>;
  if (!views.views.length) return <p class="hint">This site has no saved views.</p>;
  return (
    <ul>
      {views.views.map((view) => (
        <Entry
          key={view.name}
          view={view}
          busy={views.busy}
          onOpen={() => onOpen(view)}
          onRemove={() => {
            onRemoved();
            views.remove(view.name);
          }}
        />
      ))}
    </ul>
  );
}

type EntryProps = { view: SavedView; busy: boolean; onOpen: () => void; onRemove: () => void };

function Entry({ view: { name, saved_by: by }, busy, onOpen, onRemove }: EntryProps) {
  const author = useId();
  const [confirming, setConfirming] = useState(false);
  return (
    <li>
      <span class="saved">
        <button type="button" class="quiet open" aria-describedby={author} onClick={onOpen}>
          {name}
        </button>
        <small id={author}>Saved by {by}</small>
      </span>
      {confirming ? (
        <Confirm
          question={`Delete “${name}”?`}
          verb="Delete"
          onConfirm={() => {
            setConfirming(false);
            onRemove();
          }}
          onCancel={() => setConfirming(false)}
        />
      ) : (
        <button
          type="button"
          class="quiet remove"
          aria-label={`Delete the view ${name}`}
          disabled={busy}
          onClick={() => setConfirming(true)}
        >
          <span aria-hidden="true">×</span>
        </button>
      )}
    </li>
  );
}
