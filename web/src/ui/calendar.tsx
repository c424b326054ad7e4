import { useEffect, useRef } from "preact/hooks";
import { dayByKey, lastDay } from "./days";
import { month as monthName } from "./format";
import { isModified } from "./keys";
import "./calendar.css";

/** Class and label of a day; `share` (0 to 1) is the progress of a day being read. */
export type CalendarDay = { class: string; label: string; share?: number };

type Props = {
  label: string;
  months: readonly string[];
  /** Returns the content of a day; undefined for days outside the calendar. */
  day: (date: string) => CalendarDay | undefined;
  first: string;
  last: string;
  selected: string;
  onSelect: (date: string) => void;
  /** The selected day after the key is released: browsers limit how often an address may change. */
  onSettle?: (date: string) => void;
  /** Called on Enter; without it Enter selects. */
  onOpen?: (date: string) => void;
  /** The day under the pointer, or empty. */
  onHover?: (date: string) => void;
};

const NUMBERS = Array.from({ length: 31 }, (_, index) => index + 1);

/** Months as rows and days as columns; arrow keys move the selection. */
export function Calendar(props: Props) {
  const { label, months, first, last, selected, onSelect, onSettle, onOpen, onHover } = props;
  const grid = useRef<HTMLTableElement>(null);
  useEffect(() => {
    const element = grid.current;
    if (element?.contains(document.activeElement))
      element.querySelector<HTMLElement>(`[data-date="${selected}"]`)?.focus();
  }, [selected]);

  const press = (event: KeyboardEvent) => {
    if (isModified(event)) return;
    if (event.key === "Enter" && onOpen) {
      event.preventDefault();
      onOpen(selected);
      return;
    }
    const target = dayByKey(selected, event.key, first, last);
    if (target === undefined) return;
    event.preventDefault();
    onSelect(target);
  };

  const release = (event: KeyboardEvent) => {
    if (dayByKey(selected, event.key, first, last) !== undefined) onSettle?.(selected);
  };

  return (
    // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table to be walked through is a grid
    <table role="grid" class="calendar" aria-label={label} ref={grid} onKeyDown={press} onKeyUp={release}>
      <Head />
      <tbody onPointerLeave={() => onHover?.("")}>
        {months.map((month) => (
          <MonthRow key={month} {...props} month={month} />
        ))}
      </tbody>
    </table>
  );
}

function Head() {
  return (
    <thead>
      <tr>
        <th scope="col">
          <span class="visually-hidden">Month</span>
        </th>
        {NUMBERS.map((number) => (
          <th key={number} scope="col">
            {number}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function MonthRow({ month, ...props }: Props & { month: string }) {
  return (
    <tr>
      <th scope="row">{monthName(month)}</th>
      {NUMBERS.map((number) => {
        const date = `${month}-${String(number).padStart(2, "0")}`;
        return <DayCell key={date} {...props} date={date} />;
      })}
    </tr>
  );
}

function DayCell({ date, day, selected, onSelect, onSettle, onHover }: Props & { date: string }) {
  const content = date <= lastDay(date.slice(0, 7)) ? day(date) : undefined;
  if (!content) return <td />;
  return (
    <td>
      <button
        type="button"
        class={`day ${content.class}`}
        data-date={date}
        aria-current={date === selected ? "true" : undefined}
        tabIndex={date === selected ? 0 : -1}
        aria-label={content.label}
        style={content.share === undefined ? undefined : { "--share": content.share }}
        onClick={() => {
          onSelect(date);
          onSettle?.(date);
        }}
        onPointerEnter={() => onHover?.(date)}
      />
    </td>
  );
}
