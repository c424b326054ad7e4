"""Plans a table: its columns, each a point or a sum of points, and how missing values are filled. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from vitals.errors import InvalidRequestError
from vitals.model import units
from vitals.model.measures import sums
from vitals.model.measures.conversion import Conversion
from vitals.model.measures.filling import FILLS, UNFILLED, Fill
from vitals.model.measures.sums import Term
from vitals.model.points import Catalog, Point
from vitals.model.records.sites import Units
from vitals.reading.request import QueryRequest


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """A column by its name, with the points that are added up or subtracted in it."""

    name: str
    terms: tuple[Term, ...]


def check_form(request: QueryRequest) -> None:
    """Raises InvalidRequestError for a form, or parameters of a form, that do not exist."""
    if request.form not in ("series", "table"):
        raise InvalidRequestError("form must be series or table")
    if not request.is_table:
        if request.fill is not None:
            raise InvalidRequestError("fill is for tables; use it with form=table")
        if request.measure == "at":
            raise InvalidRequestError("the measure at is for tables; use it with form=table")
        return
    if request.is_chart or request.max_points is not None:
        raise InvalidRequestError("a table has no chart: omit width, interval_ms, method and max_points")
    if request.resolution == "raw":
        raise InvalidRequestError("a table has a row per bucket; use it with another resolution than raw")


def fill_of(request: QueryRequest) -> Fill:
    """Returns how the request fills missing values; InvalidRequestError where that has no meaning."""
    fill = next((fill for fill in FILLS if fill == (request.fill or "null")), None)
    if fill is None:
        raise InvalidRequestError(f"fill must be {', '.join(FILLS[:-1])} or {FILLS[-1]}")
    if fill != "null" and request.measure in UNFILLED:
        raise InvalidRequestError(
            f"{request.measure} cannot be filled: nothing around a bucket says what happened in it; omit fill"
        )
    return fill


def columns_of(request: QueryRequest, names: Sequence[str], catalog: Catalog) -> tuple[ColumnPlan, ...]:
    """Returns the columns of a table, none for series; InvalidRequestError for a sum in series."""
    if request.is_table:
        return tuple(ColumnPlan(name, sums.terms(name)) for name in names)
    for name in names:
        if name.startswith(sums.PREFIX) and name not in catalog.by_name:
            raise InvalidRequestError("a sum is a column of a table or a summary; use it with form=table")
    return ()


def check_sums(columns: Sequence[ColumnPlan], points: Sequence[Point], system: Units) -> None:
    """Raises InvalidRequestError for a sum of points whose values, as answered, have different units."""
    targets = {
        point.name: units.symbol(Conversion.of_point(point.listed.unit, point.kind, system).target)
        for point in points
    }
    for column in columns:
        different = sorted({targets[term.name] for term in column.terms if term.name in targets})
        if len(different) > 1:
            names = " and ".join(repr(unit) for unit in different[:2])
            raise InvalidRequestError(
                f"the points of {column.name[:80]!r} have different units, {names};"
                " use units=metric or units=imperial, or points of one unit"
            )
