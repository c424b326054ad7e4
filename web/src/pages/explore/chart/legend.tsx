import { type Store, useStore } from "../../../store";
import { percent } from "../../../ui/format";
import { type Line, MAX_LINES } from "../data/line";
import { type LineValue, lastValue, valueAt } from "../data/line-value";
import type { Pane } from "../data/panes";
import type { Hover } from "../plot/plot";
import { symbol } from "../units";
import { Swatch, Value } from "./value";

type Props = { lines: Line[]; panes: readonly Pane[]; hover: Store<Hover>; onRemove: (name: string) => void };

/** The lines with their values and their coverage. */
export function Legend({ lines, panes, hover, onRemove }: Props) {
  const pointer = useStore(hover);
  const units = unitsWithoutAxis(panes);
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

function unitsWithoutAxis(panes: readonly Pane[]): string[] {
  const values = panes.filter(({ lanes }) => !lanes);
  const axes = new Set(values.flatMap((pane) => pane.axes.map(({ unit }) => unit)));
  const units = new Set(values.flatMap(({ lines }) => lines.map(({ unit }) => symbol(unit))));
  return [...units].filter((unit) => !axes.has(unit));
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
