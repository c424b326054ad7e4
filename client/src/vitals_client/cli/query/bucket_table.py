"""Formats query results for people: known shares, partial buckets, running hours and totals."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from math import floor, fsum
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from vitals_client.cli.formatting import counted, number
from vitals_client.merging import Envelope

if TYPE_CHECKING:
    import pyarrow as pa

_TOTALS = ("increase", "runtime", "integral", "starts")
_IN_SECONDS = ("runtime", "held")
# Columns that are seconds when the measure is.
_VALUES = ("value", "at_least", "at_most")
_EVENTS = {"resets": "reset", "rollovers": "rollover", "dips": "dip", "spikes": "spike"}
_LEFT_OUT = ("dips", "spikes")


def iso_texts(times: "pa.ChunkedArray") -> list[str]:
    """Returns times as ISO 8601 with the offset in force, Z in UTC."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if times.type.tz == "UTC":
        texts: list[str] = pc.strftime(times, "%Y-%m-%dT%H:%M:%SZ").to_pylist()
        return texts
    zone = ZoneInfo(times.type.tz)
    return [
        datetime.fromtimestamp(time_ms / 1000, zone).isoformat(timespec="milliseconds")
        for time_ms in times.cast(pa.int64()).to_pylist()
    ]


def columns(table: "pa.Table", content: Envelope) -> dict[str, list[str]]:
    """Returns the columns of a table for people; `partial` marks buckets that are not over or not synced."""
    cells = {
        name: _cells(table, name, content.get("measure")) for name in table.column_names if name != "end"
    }
    marks = _partial_marks(table, content)
    return cells | ({"partial": marks} if any(marks) else {})


def _cells(table: "pa.Table", name: str, measure: str | None) -> list[str]:
    if name == "timestamp":
        return iso_texts(table[name])
    values: list[Any] = table[name].to_pylist()
    if name == "point_name":
        return values
    if name == "known":
        return [percent(share) for share in values]
    if measure in _IN_SECONDS and name in _VALUES:
        return ["" if seconds is None else hours(seconds) for seconds in values]
    return ["" if value is None else number(value) for value in values]


def _partial_marks(table: "pa.Table", content: Envelope) -> list[str]:
    """Returns a mark for each row that its series names as partial."""
    partial = {series["point_name"]: set(series.get("partial", ())) for series in content["series"]}
    rows = dict.fromkeys(partial, 0)
    marks = []
    for name in table["point_name"].to_pylist():
        marks.append("partial" if rows[name] in partial[name] else "")
        rows[name] += 1
    return marks


def totals(answer: Envelope) -> Iterator[str]:
    """Yields a line for each point with the total of its rows and what it rests on; none for a mean."""
    measure = answer.get("measure")
    if measure not in _TOTALS:
        return
    for series in answer["series"]:
        texts = [_total(measure, series), *_proof_texts(series.get("proof"), series)]
        yield f"{series['point_name']}: {'; '.join(texts)}"


def _total(measure: str, series: Mapping[str, Any]) -> str:
    total = fsum(series["values"])
    if measure == "starts":
        return f"total {counted(round(total), 'start')}"
    return f"total {hours(total)} hours" if measure in _IN_SECONDS else f"total {_with_unit(total, series)}"


def _with_unit(total: float, series: Mapping[str, Any]) -> str:
    unit = series.get("unit") or ""
    return f"{number(total)} {unit}".rstrip()


def _proof_texts(proof: Mapping[str, Any] | None, series: Mapping[str, Any]) -> Iterator[str]:
    if proof is None:
        return
    yield "known time unknown" if proof["known_share"] is None else f"known {percent(proof['known_share'])}"
    counts = {name: counted(len(proof[key]), name) for key, name in _EVENTS.items() if proof[key]}
    left_out = [counts.pop(_EVENTS[key]) for key in _LEFT_OUT if _EVENTS[key] in counts]
    events = [*counts.values(), *([f"{' and '.join(left_out)} left out"] if left_out else [])]
    if events:
        yield ", ".join(events)
    if proof["bridged"]:
        yield f"{_with_unit(proof['bridged'], series)} of it in gaps"


def percent(share: float | None) -> str:
    """Returns a share as a percentage, rounded down, so that 100 % is complete."""
    return "unknown" if share is None else f"{floor(share * 1000 + 1e-9) / 10:g} %"


def hours(seconds: float) -> str:
    """Returns seconds as hours and minutes, as in 8:20."""
    minutes = round(seconds / 60)
    return f"{minutes // 60}:{minutes % 60:02}"
