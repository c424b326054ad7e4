import { useState } from "preact/hooks";
import type { Finding, Quality } from "../../api/types";
import { number, time, zone } from "../../ui/format";
import { link } from "../../ui/link";
import {
  COLUMNS,
  type Column,
  detailsOf,
  NAMES,
  type Sort,
  sorted,
  targetOf,
  titleOf,
  turned,
} from "./findings";

/** So many rows are drawn quickly; a button shows the others. */
const SHOWN = 500;

const TITLES: Record<Column, string> = {
  finding: "Finding",
  point: "Point",
  first: "From",
  last: "To",
  details: "Details",
};

type Props = { quality: Quality; findings: readonly Finding[] };

/** The findings as a table that each column sorts; a click on a point opens its chart around the finding. */
export function FindingTable({ quality, findings }: Props) {
  const [sort, setSort] = useState<Sort>({ column: "finding", descending: false });
  const [all, showAll] = useState(false);
  const rows = sorted(findings, sort);
  return (
    <>
      <div class="scroll">
        <table class="findings">
          <caption class="visually-hidden">Findings, times in {zone(quality.archived_at)}</caption>
          <thead>
            <tr>
              {COLUMNS.map((column) => (
                <Head key={column} column={column} sort={sort} onSort={() => setSort(turned(sort, column))} />
              ))}
            </tr>
          </thead>
          <tbody>
            {(all ? rows : rows.slice(0, SHOWN)).map((finding) => (
              <Row
                key={`${finding.finding} ${finding.point_name} ${finding.first_time}`}
                quality={quality}
                finding={finding}
              />
            ))}
          </tbody>
        </table>
      </div>
      {!all && rows.length > SHOWN && (
        <button type="button" class="quiet" onClick={() => showAll(true)}>
          Show all {number(rows.length)}
        </button>
      )}
    </>
  );
}

function Head({ column, sort, onSort }: { column: Column; sort: Sort; onSort: () => void }) {
  const order = sort.column !== column ? undefined : sort.descending ? "descending" : "ascending";
  return (
    <th scope="col" aria-sort={order}>
      <button type="button" class="quiet" onClick={onSort}>
        {TITLES[column]}
      </button>
    </th>
  );
}

function Row({ quality, finding }: { quality: Quality; finding: Finding }) {
  const [page, parameters] = targetOf(finding, quality.date);
  return (
    <tr>
      <td>{NAMES[finding.finding]}</td>
      <td title={finding.point_name ?? undefined}>
        <a href={link(page, quality.site_name, parameters)}>{titleOf(finding)}</a>
      </td>
      <td>{time(finding.first_time, { seconds: true })}</td>
      <td>{time(finding.last_time, { seconds: true })}</td>
      <td>{detailsOf(finding)}</td>
    </tr>
  );
}
