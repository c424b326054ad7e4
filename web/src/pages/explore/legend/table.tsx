import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Amount, Swatch, Value } from "../chart/value";
import { valueAt } from "../data/line-value";
import type { Cell, Column } from "./columns";
import { CopyTable } from "./copy-table";
import type { LegendRow } from "./rows";
import { nextSort, type Sort, sorted } from "./sort";
import "./table.css";

type Props = {
  rows: LegendRow[];
  columns: Column[];
  /** The time at the cursor; null without one. */
  time: number | null;
  onRemove: (name: string) => void;
  /** Notes below the table. */
  children: ComponentChildren;
};

/** The lines with their statistics, sorted by any column. */
export function StatisticsTable({ rows, columns, time, onRemove, children }: Props) {
  const [sort, setSort] = useState<Sort>();
  const ordered = sorted(rows, columns, sort);
  return (
    <div class="legend">
      <div class="scroll">
        <table>
          <thead>
            <tr>
              {columns.map((column) => (
                <Head
                  key={column.key}
                  column={column}
                  title={column.key === "last" && time !== null ? "At the cursor" : column.title}
                  sort={sort}
                  onSort={() => setSort(nextSort(sort, column.key))}
                />
              ))}
              <th scope="col">
                <span class="visually-hidden">Remove</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {ordered.map((row) => (
              <Row key={row.line.name} row={row} columns={columns} time={time} onRemove={onRemove} />
            ))}
          </tbody>
        </table>
      </div>
      <div class="notes">
        {children}
        <CopyTable rows={ordered} columns={columns} />
      </div>
    </div>
  );
}

type HeadProps = { column: Column; title: string; sort: Sort; onSort: () => void };

function Head({ column: { key, help }, title, sort, onSort }: HeadProps) {
  const order = sort?.key !== key ? undefined : sort.descending ? "descending" : "ascending";
  return (
    <th scope="col" class={key === "point" ? undefined : "number"} aria-sort={order}>
      <button type="button" class="quiet" title={help} onClick={onSort}>
        {title}
      </button>
    </th>
  );
}

type RowProps = Pick<Props, "columns" | "time" | "onRemove"> & { row: LegendRow };

function Row({ row, columns, time, onRemove }: RowProps) {
  const { line } = row;
  return (
    <tr>
      {columns.map(({ key, cell }) =>
        key === "point" ? (
          <td key={key} title={line.name}>
            <Swatch slot={line.slot} /> {line.label}
          </td>
        ) : (
          <td key={key} class={key === "last" ? "number last" : "number"}>
            {key === "last" ? <Last row={row} time={time} /> : <Quantity cell={cell(row)} />}
          </td>
        ),
      )}
      <td>
        <button
          type="button"
          class="quiet remove"
          aria-label={`Remove ${line.label}`}
          onClick={() => onRemove(line.name)}
        >
          ×
        </button>
      </td>
    </tr>
  );
}

function Last({ row: { line, last }, time }: { row: LegendRow; time: number | null }) {
  if (time !== null) return <Value line={line} sample={valueAt(line, time)} />;
  return last === null ? <>–</> : <Amount line={line} value={last} />;
}

function Quantity({ cell: { text, unit, note } }: { cell: Cell }) {
  return (
    <>
      {note && <small>{note} </small>}
      {text}
      {unit && <span class="unit"> {unit}</span>}
    </>
  );
}
