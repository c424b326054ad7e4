type Props = { single: boolean; onChange: (single: boolean) => void };

/** Switches between a pane per unit and a single pane. */
export function PaneSwitch({ single, onChange }: Props) {
  return (
    <button
      type="button"
      aria-pressed={single}
      title="Draw all units in one pane, each with its own axis"
      onClick={() => onChange(!single)}
    >
      One pane
    </button>
  );
}
