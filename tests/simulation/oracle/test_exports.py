"""Completed exports are compared with their files, their records and what was fetched."""

from typing import Any

import orjson
import pytest

from tests.simulation.oracle.store_world import DAY, SITE, World, readings
from tests.simulation.stack import BUCKET
from vitals.model.timespan import DAY_MS
from vitals.store import keys


@pytest.fixture
def world() -> World:
    """A world with a day of samples in blocks."""
    world = World()
    world.fetch(readings())
    return world


def export_of(world: World, lines: list[str], **changes: Any) -> dict[str, Any]:
    """Returns the answer about a completed export with one CSV file of these lines."""
    body = "\n".join(["point_name,timestamp,value", *lines, ""]).encode()
    key = keys.export_file("e1", "a.csv")
    world.s3.call("put_object", {"Bucket": BUCKET, "Key": key, "Body": body})
    span = {"start_ms": DAY.day_ms, "end_ms": DAY.span.end_ms}
    plan = orjson.dumps({"parts": [{"kind": "day", **span}], "ids": []}).decode()
    world.set_item("StateTable", keys.export_plan("e1"), plan={"S": plan})
    files = orjson.dumps([["a.csv", len(body)]]).decode()
    world.set_item("StateTable", keys.export_part("e1", 0), files={"S": files}, rows={"N": str(len(lines))})
    link = world.s3.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": key})
    request = {"start_time": DAY.day_ms, "end_time": DAY.span.end_ms, "point_names": []}
    export: dict[str, Any] = {
        "id": "e1",
        "site_name": SITE,
        "format": "csv",
        "end_time": "2026-03-11T00:00:00Z",
    }
    export |= {
        "end_time": "2026-03-11T00:00:00Z",
        "expires_at": "2026-03-20T00:00:00Z",
        "rows": len(lines),
        "files": [{"name": "a.csv", "bytes": len(body), "url": link}],
    }
    return export | {"request": request, "requested_ms": world.now_ms} | changes


def lines_of(world: World) -> list[str]:
    """Returns the lines of all readings."""
    return [
        f"{name},2026-03-10T{minute // 60:02}:{minute % 60:02}:00.000Z,{value!r}"
        for name, samples in readings().items()
        for minute, value in enumerate(samples.values())
    ]


def test_right_exports_are_no_problem(world: World) -> None:
    world.oracle.export_completed(export_of(world, lines_of(world)))
    assert world.problems.texts == []


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (lambda lines: lines[1:], "lacks 1 samples, first 2026-03-10T00:00:00Z"),
        (lambda lines: [*lines, lines[3]], "1 samples are there twice"),
        (lambda lines: [lines[0][:-4] + "7.5", *lines[1:]], "instead of 20.0"),
        (lambda lines: [*lines, "fan,2026-03-10T00:00:00.000Z,1.0"], "were not asked for"),
        (lambda lines: [*lines, "boiler,2026-03-11T00:00:00.000Z,1.0"], "outside of its span"),
        (lambda lines: [*lines, "boiler,yesterday,1.0"], "cannot be read"),
    ],
)
def test_wrong_exports_are_found(world: World, edit: Any, text: str) -> None:
    world.oracle.export_completed(export_of(world, edit(lines_of(world))))
    assert any(text in problem for problem in world.problems.texts), world.problems.texts


def test_exports_without_their_files_are_found(world: World) -> None:
    export = export_of(world, lines_of(world))
    world.s3.call("delete_object", {"Bucket": BUCKET, "Key": keys.export_file("e1", "a.csv")})
    world.oracle.export_completed(export)
    assert any("a.csv cannot be read" in text for text in world.problems.texts)


def test_wrong_counts_of_exports_are_found(world: World) -> None:
    export = export_of(world, lines_of(world), rows=3)
    world.set_item("StateTable", keys.export_part("e1", 0), rows={"N": "5"})
    world.oracle.export_completed(export)
    texts = world.problems.texts
    assert any("the answer counts 3 rows of 180" in text for text in texts)
    assert any("part 0 counts 5 rows of 180" in text for text in texts)


def test_files_of_completed_exports_stay(world: World) -> None:
    world.oracle.export_completed(export_of(world, lines_of(world)))
    world.now_ms += DAY_MS
    assert world.check() == []
    world.s3.call("delete_object", {"Bucket": BUCKET, "Key": keys.export_file("e1", "a.csv")})
    world.now_ms += DAY_MS
    assert any("a.csv is gone after it was completed" in text for text in world.check())


def test_files_of_completed_exports_are_final(world: World) -> None:
    world.oracle.export_completed(export_of(world, lines_of(world)))
    key = keys.export_file("e1", "a.csv")
    world.s3.call("put_object", {"Bucket": BUCKET, "Key": key, "Body": b"point_name,timestamp,value\n"})
    world.now_ms += DAY_MS
    assert any("a.csv has changed after it was completed" in text for text in world.check())
