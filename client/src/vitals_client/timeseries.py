"""What a client reads of points in a range: series, tables and summaries."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

from vitals_client import tables
from vitals_client.arguments import Time
from vitals_client.http import Http
from vitals_client.pages import Pages, body, warn
from vitals_client.shapes import SummaryOfPoint
from vitals_client.tables import wide

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_SUMMARY = "/timeseries/summary"

type Method = Literal["m4", "minmax", "lttb", "mean"]
type WeekStart = Literal["monday", "sunday"]
type Units = Literal["source", "metric", "imperial"]
type Fill = Literal["null", "last", "linear"]
type Exclusion = Literal["bad"]


class SummaryOptions(TypedDict, total=False):
    """What may be given by name to Timeseries.summary.

    `tags` stand in place of names. `timezone` is by default the site's, and if given that of times without an
    offset, too. `hours` such as 06:00-18:00, and `days` such as mon-fri, are local. `exclude="bad"` leaves
    flagged samples out.
    """

    tags: Sequence[str]
    timezone: str | None
    units: Units | None
    hours: str | None
    days: str | None
    exclude: Exclusion | None


class _BucketOptions(SummaryOptions, total=False):
    resolution: str
    measure: str | None
    week_start: WeekStart | None


class QueryOptions(_BucketOptions, total=False):
    """What may be given by name to Timeseries.query; `resolution` is auto by default."""

    max_points: int | None
    width: int | None
    method: Method | None


class TableOptions(_BucketOptions, total=False):
    """What may be given by name to Timeseries.table; `resolution` is auto by default."""

    fill: Fill | None


class Timeseries:
    """The queries of a client."""

    _http: Http
    _pages: Pages

    def query(
        self,
        site: str,
        points: Sequence[str],
        start: Time,
        end: Time,
        **options: Unpack[QueryOptions],
    ) -> "pa.Table":
        """Returns the samples or aggregates of the points in [start, end): every page, point by point.

        Times are in `timezone`, by default the site's. Times of the request without an offset are in it if
        it is given, and otherwise UTC. The schema's metadata has gaps, coverage, proofs, sources and cost as
        JSON under the key `vitals`; a data frame of the table has the measure, the zone and the proofs as
        `attrs`. What is missing is a VitalsWarning.
        """
        request = body(site, points, start, end, **options)
        table = tables.joined(list(self._pages.of_query(request, tables.read, warned=False)))
        warn(tables.envelope(table)["warnings"])
        return table

    def query_pages(
        self,
        site: str,
        points: Sequence[str],
        start: Time,
        end: Time,
        **options: Unpack[QueryOptions],
    ) -> Iterator["pa.Table"]:
        """Yields the pages of `query`, in order of time, for results that do not fit into memory.

        Pages of runtime and integral have at_least and at_most, null where a page has no bounds.
        """
        request = body(site, points, start, end, **options)
        return self._pages.of_query(request, tables.read, warned=True)

    def table(
        self,
        site: str,
        points: Sequence[str],
        start: Time,
        end: Time,
        **options: Unpack[TableOptions],
    ) -> "pd.DataFrame":
        """Returns a data frame with a row for each bucket of [start, end), and a column for each name.

        A name is a point or a sum such as `sum: main - solar`; an empty list with `tags` selects by tags.
        The index `timestamp` is in the result's zone, and a missing value is NaN. `attrs` have measure,
        timezone, units, resolution and the unit of each column. What is missing is a VitalsWarning.
        """
        wide.check_pandas()
        pages = self.table_pages(site, points, start, end, **options)
        return wide.frame(self._pages.valid(wide.joined, list(pages)))

    def table_pages(
        self,
        site: str,
        points: Sequence[str],
        start: Time,
        end: Time,
        **options: Unpack[TableOptions],
    ) -> Iterator["pa.Table"]:
        """Yields the pages of `table` as Arrow tables, whose headers have the units: `main [kWh]`."""
        request = body(site, points, start, end, form="table", **options)
        return self._pages.of_query(request, wide.read, warned=True)

    def summary(
        self,
        site: str,
        points: Sequence[str],
        start: Time,
        end: Time,
        **options: Unpack[SummaryOptions],
    ) -> list[SummaryOfPoint]:
        """Returns what each point or sum did in [start, end): its extremes, means, increase, running time.

        A value is None where it makes no sense for the point's kind, or nothing is known.
        """
        answer = self._http.read(_SUMMARY, body(site, points, start, end, **options))
        warn(answer["warnings"])
        summaries: list[SummaryOfPoint] = answer["points"]
        return summaries
