import { Helped } from "../../../ui/helped";

type Props = { single: boolean; onChange: (single: boolean) => void };

/** Switches between a pane per unit and a single pane. */
export function PaneSwitch({ single, onChange }: Props) {
  return (
    <Helped help="Draw all units in one pane, each with its own axis">
      {(help) => (
        <button type="button" aria-pressed={single} aria-describedby={help} onClick={() => onChange(!single)}>
          One pane
        </button>
      )}
    </Helped>
  );
}
