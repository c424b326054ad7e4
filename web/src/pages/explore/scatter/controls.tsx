import type { Point } from "../../../api/types";
import type { Theme } from "../canvas/use-inks";
import { PointOptions } from "../points/options";
import { stateColour } from "../tabs/state";
import type { Axis } from "./axes";
import { hourColours, STATES } from "./colours";

type Props = {
  points: readonly Point[];
  axes: [x: Point, y: Point];
  colour: string;
  /** Binary points that may colour the dots. */
  binary: Point[];
  onColour: (colour: string) => void;
  onAxis: (axis: Axis, name: string) => void;
  onSwap: () => void;
};

const AXES: readonly Axis[] = ["x", "y"];

/** The controls above the dots. */
export function ScatterControls({ points, axes, colour, binary, onColour, onAxis, onSwap }: Props) {
  return (
    <>
      {points.length > 2 &&
        AXES.map((axis, index) => (
          <label key={axis}>
            {axis}{" "}
            <select
              value={axes[index]?.point_name}
              aria-label={`Point of the ${axis} axis`}
              onChange={(event) => onAxis(axis, event.currentTarget.value)}
            >
              <PointOptions points={points} />
            </select>
          </label>
        ))}
      <button type="button" onClick={onSwap}>
        Swap axes
      </button>
      <label>
        Colour{" "}
        <select value={colour} onChange={(event) => onColour(event.currentTarget.value)}>
          <option value="hour">Hour of the day</option>
          <PointOptions points={binary} keyOf={stateColour} />
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
