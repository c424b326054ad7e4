import { Menu } from "../../../ui/menu";
import { CALENDAR, type CalendarRange, isCalendar } from "./calendar";
import type { Range } from "./range";

const OPTIONS = (Object.keys(CALENDAR) as CalendarRange[]).map((value) => ({ value, ...CALENDAR[value] }));

/** The ranges of local days. */
export function CalendarMenu({ range, onRange }: { range: Range; onRange: (range: Range) => void }) {
  const value = isCalendar(range) ? range : undefined;
  return (
    <Menu
      name="Days"
      isNamed={!value}
      text={value ? CALENDAR[value].title : ""}
      options={OPTIONS}
      value={value}
      chosen={value !== undefined}
      onChoose={onRange}
    />
  );
}
