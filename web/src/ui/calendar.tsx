import { useEffect, useRef } from "preact/hooks";
import { dayByKey, lastDay } from "./days";
import { month as monthName } from "./format";
import "./calendar.css";

/** How a day looks and what it says; `share`, from 0 to 1, is for looks that show progress. */
export type CalendarDay = { class: string; label: string; share?: number };

type Props = {
  label: string;
  months: readonly string[];
  /** The day, undefined where the calendar has none. */
  day: (date: string) => CalendarDay | undefined;
  first: string;
  last: string;
  selected: string;
  onSelect: (date: string) => void;
  /** The selected day, once no key that leads on is held any more: addresses must not change that often. */
  onSettle?: (date: string) => void;
  /** Enter on a day; without it Enter selects. */
  onOpen?: (date: string) => void;
  /** The day under the pointer, empty when there is none. */
  onHover?: (date: string) => void;
};

const NUMBERS = Array.from({ length: 31 }, (_, index) => index + 1);

/** Months as rows and their days as columns, to be walked through with the arrow keys. */
export function Calendar(props: Props) {
  const { label, months, first, last, selected, onSelect, onSettle, onOpen, onHover } = props;
  const grid = useRef<HTMLTableElement>(null);
  useEffect(() => {
    const element = grid.current;
    if (element?.contains(document.activeElement))
      element.querySelector<HTMLElement>(`[data-date="${selected}"]`)?.focus();
  }, [selected]);

  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
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
