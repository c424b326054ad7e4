import { useMemo, useState } from "preact/hooks";
import type { Site } from "../../api/types";
import { Calendar } from "../../ui/calendar";
import { days as range } from "../../ui/format";
import { DayPanel, exploreLink } from "./day-panel";
import { dayLabel, lookOf } from "./day-text";
import type { Day } from "./days";
import { Legend } from "./legend";
import type { useSelectedDay, Year } from "./use-year";

type Props = { site: Site; year: Year; days: readonly Day[]; selection: ReturnType<typeof useSelectedDay> };

/** The days of a year as a heat map, and the numbers of the selected day. */
export function DayMap({ site, year, days, selection }: Props) {
  const { today, months, first, last } = year;
  const { selected, select, remember } = selection;
  const byDate = useMemo(() => new Map(days.map((day) => [day.date, day])), [days]);
  const [hovered, setHovered] = useState("");
  const day = byDate.get(hovered);
  return (
    <>
      <Calendar
        label={`Coverage by day, ${range(first, last)}`}
        months={months}
        day={(date) => lookOf(byDate.get(date), date === today)}
        first={first}
        last={last}
        selected={selected}
        onSelect={select}
        onSettle={remember}
        onOpen={(date) => {
          location.hash = exploreLink(site.site_name, date);
        }}
        onHover={setHovered}
      />
      <div class="coverage-foot">
        <Legend />
        <p class="readout" aria-hidden="true">
          {day && dayLabel(day)}
        </p>
      </div>
      <DayPanel site={site} days={days} date={selected} />
    </>
  );
}
