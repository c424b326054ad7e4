import type { Quality as Answer } from "../../api/types";
import { go } from "../../route";
import { addDays, dayOf, EARLIEST, isDay } from "../../ui/days";
import { counted, number, day as written } from "../../ui/format";
import { Notice } from "../../ui/notice";
import { Empty, Failure, Loading, sentence } from "../../ui/states";
import type { PageProps } from "../page-props";
import { hasNext, isShown } from "./days";
import { FindingTable } from "./finding-table";
import { type FindingName, isFindingName, NAMES, ORDER } from "./findings";
import { useQuality } from "./use-quality";
import "./quality.css";

/** The data quality of an archived day; the address holds the `date` and the `finding` that is shown. */
export function Quality(props: PageProps) {
  const { site, route } = props;
  const date = isDay(route.parameters.get("date") ?? "") ? (route.parameters.get("date") ?? "") : "";
  const { value, error, reload } = useQuality(props, date);
  const choose = (changes: Record<string, string>) => {
    const parameters = new URLSearchParams(route.parameters);
    for (const [name, text] of Object.entries(changes)) {
      if (text) parameters.set(name, text);
      else parameters.delete(name);
    }
    go({ ...route, site: site.site_name, parameters });
  };
  const quality = value?.quality ?? null;
  return (
    <div class="quality">
      <Head date={quality?.date ?? date} quality={quality} onDate={(next) => choose({ date: next })} />
      {error && value && <Notice error={error} />}
      {error && !value && <Failure error={error} onRetry={reload} />}
      {!error && !value && <Loading subject="the findings" />}
      {value && !quality && <Empty title="No data quality">{sentence(value.missing)}</Empty>}
      {quality && (
        <Findings
          quality={quality}
          chosen={route.parameters.get("finding") ?? ""}
          onChoose={(finding) => choose({ finding })}
        />
      )}
    </div>
  );
}

type HeadProps = { date: string; quality: Answer | null; onDate: (date: string) => void };

function Head({ date, quality, onDate }: HeadProps) {
  const today = dayOf(Date.now());
  return (
    <header class="page-head">
      <h1>Quality</h1>
      <span class="muted">
        {date && `${written(date)}, UTC day`}
        {quality && ` · ${counted(quality.points, "point")}`}
      </span>
      <div class="page-actions">
        <label>
          Day{" "}
          <input
            type="date"
            min={EARLIEST}
            max={today}
            value={date}
            onInput={({ currentTarget: { value } }) => isShown(value, today) && onDate(value)}
          />
        </label>
        <button type="button" disabled={!date} onClick={() => onDate(addDays(date, -1))}>
          ‹ Previous day
        </button>
        <button type="button" disabled={!hasNext(date, today)} onClick={() => onDate(addDays(date, 1))}>
          Next day ›
        </button>
        <button type="button" onClick={() => onDate("")}>
          Latest day
        </button>
      </div>
    </header>
  );
}

type FindingsProps = { quality: Answer; chosen: string; onChoose: (finding: string) => void };

function Findings({ quality, chosen, onChoose }: FindingsProps) {
  const name = isFindingName(chosen) ? chosen : undefined;
  const findings = quality.findings.filter(({ finding }) => !name || finding === name);
  return (
    <>
      <Choices quality={quality} chosen={name} onChoose={onChoose} />
      {findings.length > 0 ? (
        <FindingTable quality={quality} findings={findings} />
      ) : (
        <Empty title={name ? "No such finding on this day" : "No findings on this day"} />
      )}
    </>
  );
}

type ChoicesProps = { quality: Answer; chosen: FindingName | undefined; onChoose: (finding: string) => void };

function Choices({ quality, chosen, onChoose }: ChoicesProps) {
  return (
    <fieldset class="choices">
      <legend class="visually-hidden">Findings to show</legend>
      <button type="button" aria-pressed={!chosen} onClick={() => onChoose("")}>
        All {number(quality.findings.length)}
      </button>
      {ORDER.filter((name) => quality.counts[name] > 0).map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={chosen === name}
          onClick={() => onChoose(chosen === name ? "" : name)}
        >
          {NAMES[name]} {number(quality.counts[name])}
        </button>
      ))}
    </fieldset>
  );
}
