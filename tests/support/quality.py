"""Days of made-up points, and what the product says of their quality."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.day_files import START, Series, build, groups
from tests.support.quality_oracle import Answers, Expected
from vitals.model.points import ListedPoint, Point
from vitals.model.quality.day import DayQualityBuilder
from vitals.model.quality.findings import DayQuality, FindingName
from vitals.model.site_day import SiteDay

_TYPES = {"analog": "analogInput", "counter": "accumulator", "binary": "binaryInput", "multistate": "msi"}


def listed(point: Expected, unit: str = "") -> ListedPoint:
    """A point as the upstream would list it."""
    tags = ("cmd",) if point.actuator else ("sp",) if point.kind == "setpoint" else ()
    object_type = _TYPES.get(point.kind, "analogValue")
    return ListedPoint(point.name, unit, interval_s=point.interval_s, tags=tags, object_type=object_type)


def computed(
    series: Series,
    points: Sequence[Expected],
    *,
    units: Mapping[str, str] | None = None,
    until_ms: int = START * 2,
    size: int = 2,
    rejected: Mapping[int, set[int]] | None = None,
) -> DayQuality:
    """The quality of the day of START, from groups of so many points."""
    ordered = sorted(points, key=lambda point: point.name)
    catalog = [
        Point(number, listed(point, (units or {}).get(point.name, "")), active=point.active)
        for number, point in enumerate(ordered)
    ]
    builder = DayQualityBuilder(SiteDay("mill", START), until_ms)
    by_name = {point.name: point for point in catalog}
    for group in groups({point.name: series.get(point.name, {}) for point in ordered}, size):
        builder.add([by_name[name] for name in group.names], group.samples)
    return builder.finish(rejected or {})


def as_answers(quality: DayQuality) -> Answers:
    """The findings in the form of the oracle's."""

    def rows(name: FindingName, *columns: str) -> set[tuple[object, ...]]:
        return {
            (point.point_name, *(getattr(point.findings[name], column) for column in columns))
            for point in quality.points
            if name in point.findings
        }

    times = ("first_ms", "last_ms")
    return Answers(
        outage=set(map(tuple, quality.outages)),
        silent=rows("silent", *times),
        stuck=rows("stuck", "number", *times, "longest_ms", "value"),
        idle=rows("idle", "number", *times, "longest_ms"),
        range=rows("range", "number", *times, "value"),
        jump=rows("jump", "number", *times, "value"),
    )


def write_day(folder: Path, series: Series) -> Path:
    """The day file of the series, in a folder."""
    file = folder / "samples.parquet"
    file.write_bytes(build(series)[0])
    return file
