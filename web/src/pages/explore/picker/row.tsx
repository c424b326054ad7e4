import { useContext, useId } from "preact/hooks";
import type { Point } from "../../../api/types";
import { number, time } from "../../../ui/format";
import { COLOURS } from "../data/line";
import { formatValue, shortValue } from "../format";
import { kindText } from "../points/kind";
import type { Last } from "../points/latest";
import { DAY, HOUR } from "../range/range";
import { SiteZone } from "../site-zone";
import { symbol } from "../units";
import { ROW } from "./use-viewport";

type Props = {
  row: number;
  point: Point;
  slot: number | undefined;
  full: boolean;
  last: Last | undefined;
  active: boolean;
  onFocus: () => void;
  onToggle: () => void;
};

/** A point in the list with its last value; selected when it has a slot. */
export function Row({ row, point, slot, full, last, active, onFocus, onToggle }: Props) {
  const chosen = slot !== undefined;
  const kind = kindText(point);
  const id = useId();
  const about = ["kind", "name", "last"].map((part) => `${id}-${part}`).join(" ");
  return (
    <li data-row={row} style={{ top: `${row * ROW}px`, height: `${ROW}px` }}>
      <label title={point.point_name}>
        <input
          type="checkbox"
          class={chosen ? `ink-${slot % COLOURS}` : ""}
          checked={chosen}
          disabled={full && !chosen}
          tabIndex={active ? 0 : -1}
          aria-label={point.display_name}
          aria-describedby={about}
          onFocus={onFocus}
          onChange={onToggle}
        />
        <span class="names">
          <span>{point.display_name}</span>
          <span class="kind" id={`${id}-kind`} title={kind}>
            {kind}
          </span>
          <small id={`${id}-name`}>
            <bdi>{point.point_name}</bdi>
          </small>
        </span>
        <LastValue id={`${id}-last`} last={last} unit={symbol(point.unit)} />
      </label>
    </li>
  );
}

type LastProps = { id: string; last: Last | undefined; unit: string };

function LastValue({ id, last, unit }: LastProps) {
  const timeZone = useContext(SiteZone);
  if (last === undefined)
    return (
      <span id={id} class="last muted">
        {unit}
      </span>
    );
  if (last.value === null) {
    const { seen } = last;
    if (seen === null)
      return (
        <span id={id} class="last muted">
          no value
        </span>
      );
    return (
      <span
        id={id}
        class="last muted"
        title={`No sample in the last 24 hours. Last seen ${time(seen, { timeZone })}.`}
      >
        seen {number(Math.max(1, Math.floor((Date.now() - seen) / DAY)))} d ago
      </span>
    );
  }
  const old = Date.now() - last.timestamp > HOUR;
  return (
    <span
      id={id}
      class={old ? "last muted" : "last"}
      title={`${formatValue(last.value)} ${unit}, ${time(last.timestamp, { timeZone })}`}
    >
      {shortValue(last.value)} <span class="unit">{unit}</span>
    </span>
  );
}
