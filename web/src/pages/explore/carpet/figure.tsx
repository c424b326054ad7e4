import type { ComponentChildren } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { type Theme, useInks } from "../canvas/use-inks";
import { usePicture } from "../canvas/use-picture";
import { useSize } from "../canvas/use-size";
import { ViewFigure } from "../canvas/view-figure";
import { hatchOf } from "../plot/inks";
import { type Cell, type Position, positionByKey, type Row } from "./cells";
import { coloursOf, type Domain } from "./colour-scale";
import type { CellMeasure } from "./measure";
import { boxOf, cellAt, type Layout, layoutOf, paintCarpet } from "./paint";
import { dayText, describe, hourText, isoDay } from "./text";

type Props = {
  rows: Row[];
  domain: Domain | undefined;
  measure: CellMeasure;
  unit: string;
  label: string;
  busy: boolean;
};

/** The cells; the pointer and the arrow keys read them. */
export function CarpetFigure({ rows, domain, measure, unit, label, busy }: Props) {
  const host = useRef<HTMLElement>(null);
  const size = useSize(host);
  const theme = useInks(host);
  const layout = layoutOf(size, rows.length);
  const [position, setPosition] = useState<Position>();
  const cursor = position && position.row < rows.length ? position : undefined;
  const press = (event: KeyboardEvent) => {
    const next = positionByKey(cursor ?? { row: 0, hour: 0 }, event.key, rows.length);
    if (!next) return;
    event.preventDefault();
    // The first key shows where the cursor is.
    setPosition(cursor ? next : { row: 0, hour: 0 });
    scrollTo(host.current, layout, next.row);
  };
  return (
    <>
      <ViewFigure
        class="chart carpet"
        host={host}
        busy={busy}
        label={`${label}. Arrow keys read the hours.`}
        data-rows={rows.length}
        onKey={press}
        onPointerMove={(event) => setPosition(positionOf(event, host.current, layout, rows.length))}
        onPointerLeave={() => setPosition(undefined)}
        onBlur={() => setPosition(undefined)}
      >
        {theme && <Cells {...{ rows, domain, layout, theme, label, busy }} width={size.width} host={host} />}
        {cursor && <Cursor layout={layout} position={cursor} />}
        {cursor && (
          <Tip layout={layout} position={cursor} width={size.width}>
            <CellText cursor={cursor} row={rows[cursor.row] as Row} measure={measure} unit={unit} />
          </Tip>
        )}
      </ViewFigure>
      <Reading cursor={cursor} rows={rows} measure={measure} unit={unit} />
    </>
  );
}

type CellsProps = Pick<Props, "rows" | "domain" | "label" | "busy"> & {
  layout: Layout;
  theme: Theme;
  width: number;
  host: { current: HTMLElement | null };
};

function Cells({ rows, domain, layout, theme, width, label, busy, host }: CellsProps) {
  const palette = useMemo(
    () => ({ colours: coloursOf(theme.dark), domain, hatch: hatchOf(theme.inks.hatch), inks: theme.inks }),
    [theme, domain],
  );
  const canvas = usePicture(
    { host, busy, size: { width, height: layout.total } },
    (ctx) => paintCarpet(ctx, rows, layout, palette),
    [rows, layout.height, palette],
  );
  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label={label}
      style={{ width: `${width}px`, height: `${layout.total}px` }}
    />
  );
}

function Cursor({ layout, position: { row, hour } }: { layout: Layout; position: Position }) {
  const { left, top, width, height } = boxOf(layout, row, hour);
  const style = { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` };
  return <span class="cell-cursor" style={style} aria-hidden="true" />;
}

type ReadingProps = { cursor: Position | undefined; rows: Row[]; measure: CellMeasure; unit: string };

/** The cell under the cursor, in words. */
function Reading({ cursor, rows, measure, unit }: ReadingProps) {
  const row = cursor && rows[cursor.row];
  const cell = row?.cells[cursor?.hour ?? 0];
  if (!cursor || !row || !cell)
    return (
      <p class="reading" aria-live="polite">
        Point at an hour, or use the arrow keys, to read it.
      </p>
    );
  return (
    <p
      class="reading"
      aria-live="polite"
      data-day={isoDay(row.day)}
      data-hour={cursor.hour}
      data-kind={cell.kind}
      data-value={cell.kind === "value" ? cell.value : undefined}
    >
      <CellText cursor={cursor} row={row} measure={measure} unit={unit} />
    </p>
  );
}

type CellTextProps = { cursor: Position; row: Row; measure: CellMeasure; unit: string };

function CellText({ cursor: { hour }, row, measure, unit }: CellTextProps) {
  return (
    <>
      <strong>
        {dayText(row.day)}, {hourText(hour)}
      </strong>{" "}
      {describe(row.cells[hour] as Cell, measure, unit)}
    </>
  );
}

type TipProps = { layout: Layout; position: Position; width: number; children: ComponentChildren };

/** The text beside a cell, on the side with more space. */
function Tip({ layout, position: { row, hour }, width, children }: TipProps) {
  const { left, top, width: across, height } = boxOf(layout, row, hour);
  const side = hour < 12 ? { left: `${left + across + 8}px` } : { right: `${width - left + 8}px` };
  // Rows at the end have it above.
  const below = top + height + 56 < layout.total || row < 2;
  return (
    <div
      class="tooltip"
      aria-hidden="true"
      style={{ ...side, top: `${below ? top + height + 4 : top - 56}px` }}
    >
      {children}
    </div>
  );
}

function positionOf(event: PointerEvent, host: HTMLElement | null, layout: Layout, rows: number) {
  if (!host || !rows) return undefined;
  const box = host.getBoundingClientRect();
  return cellAt(layout, event.clientX - box.left, event.clientY - box.top + host.scrollTop, rows);
}

function scrollTo(host: HTMLElement | null, layout: Layout, row: number): void {
  if (!host) return;
  const { top, height } = boxOf(layout, row, 0);
  if (top < host.scrollTop) host.scrollTop = top - height;
  else if (top + height > host.scrollTop + host.clientHeight)
    host.scrollTop = top + 2 * height - host.clientHeight;
}
