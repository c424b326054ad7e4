import { type Store, useStore } from "../../../store";
import { percent } from "../../../ui/format";
import type { Axes } from "../data/axes";
import { type Line, MAX_LINES } from "../data/line";
import { type LineValue, lastValue, valueAt } from "../data/line-value";
import { symbol } from "../units";
import type { Hover } from "./plot-holder";
import { Swatch, Value } from "./value";

type Props = { lines: Line[]; axes: Axes; hover: Store<Hover>; onRemove: (name: string) => void };

/** The lines with their values and their coverage. */
export function Legend({ lines, axes, hover, onRemove }: Props) {
  const pointer = useStore(hover);
  const axisUnits = new Set(axes.map(({ unit }) => unit));
  const units = [...new Set(lines.map(({ unit }) => symbol(unit)))].filter((unit) => !axisUnits.has(unit));
  return (
    <div class="legend">
      <table>
        <thead>
          <tr>
            <th scope="col">Point</th>
            <th scope="col" class="number">
              {pointer ? "At the cursor" : "Last"}
            </th>
            <th scope="col" class="number">
              Coverage
            </th>
            <th scope="col">
              <span class="visually-hidden">Remove</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <Row
              key={line.name}
              line={line}
              sample={pointer ? valueAt(line, pointer.time) : lastValue(line)}
              onRemove={() => onRemove(line.name)}
            />
          ))}
        </tbody>
      </table>
      {units.length > 0 && (
        <small>
          No axis for {units.map((unit) => unit || "no unit").join(", ")}. Read the values of these lines
          here.
        </small>
      )}
      {lines.length >= MAX_LINES && <small>A chart shows at most {MAX_LINES} points.</small>}
    </div>
  );
}

function Row({ line, sample, onRemove }: { line: Line; sample: LineValue; onRemove: () => void }) {
  return (
    <tr>
      <td title={line.name}>
        <Swatch slot={line.slot} /> {line.label}
      </td>
      <td class="number">
        <Value line={line} sample={sample} />
      </td>
      <td class="number">{line.expected ? percent(line.received, line.expected) : "–"}</td>
      <td>
        <button type="button" class="quiet remove" aria-label={`Remove ${line.label}`} onClick={onRemove}>
          ×
        </button>
      </td>
    </tr>
  );
}
