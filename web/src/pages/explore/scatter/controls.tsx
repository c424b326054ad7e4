import type { Point } from "../../../api/types";
import type { Theme } from "../canvas/use-inks";
import { stateColour } from "../tabs/state";
import { hourColours, STATES } from "./colours";

type Props = {
  colour: string;
  /** Binary points that may colour the dots. */
  binary: Point[];
  onColour: (colour: string) => void;
  onSwap: () => void;
};

/** The buttons above the dots. */
export function ScatterControls({ colour, binary, onColour, onSwap }: Props) {
  return (
    <>
      <button type="button" onClick={onSwap}>
        Swap axes
      </button>
      <label>
        Colour{" "}
        <select value={colour} onChange={(event) => onColour(event.currentTarget.value)}>
          <option value="hour">Hour of the day</option>
          {binary.map(({ point_name, display_name }) => (
            <option key={point_name} value={stateColour(point_name)}>
              {display_name || point_name}
            </option>
          ))}
          <option value="plain">One colour</option>
        </select>
      </label>
    </>
  );
}

/** Which colour is which hour. */
export function HourLegend({ theme }: { theme: Theme }) {
  return (
    <span class="hours-legend">
      00
      <span class="swatches" aria-hidden="true">
        {hourColours(theme.dark).map((colour) => (
          <i key={colour} style={{ background: colour }} />
        ))}
      </span>
      24 h
    </span>
  );
}

/** Which colour is which state. */
export function StateLegend({ colours }: { colours: string[] }) {
  return (
    <span class="states-legend">
      {STATES.map((state, index) => (
        <span key={state}>
          <i style={{ background: colours[index] }} aria-hidden="true" /> {state}
        </span>
      ))}
    </span>
  );
}
