"""Exports from the request to the downloaded files, by both handlers, over moto and an Athena that runs."""

import json
import re
import struct
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import requests
from botocore.client import BaseClient
from moto.moto_api import state_manager

from exports import app as worker_app
from exports import work
from exports.api.answers import MAX_WAITING
from exports.handle import MAX_RECEIVES, Exports
from tests.support.exporting import BUCKET, FIRST, SYNCED, Stage, deployed, export_body, simulator, stage
from tests.support.kill import killed_at
from tests.support.sites import SITE
from vitals.aws.athena import Athena
from vitals.errors import ConflictError
from vitals.model.records.exports import RETENTION_MS, FinishedPart
from vitals.model.records.sites import PAUSED, REMOVED
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span, iso
from vitals.reading.bulk import day_rows, record_batches
from vitals.reading.bulk.day_rows import DayRows
from vitals.reading.bulk.request import BulkRequest
from vitals.reading.bulk.unload import ArchiveUnload
from vitals.store import keys
from vitals.store.state.exports import ExportTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.export_files import ExportFiles

__all__ = ["deployed", "simulator", "stage"]

LEASE = 16 * MINUTE_MS


@pytest.fixture
def stuck() -> Iterator[None]:
    """Queries that stay QUEUED."""
    before = state_manager.get_transition("athena::execution")
    state_manager.set_transition("athena::execution", {"progression": "manual", "times": 10_000})
    yield
    state_manager.set_transition("athena::execution", before)


def queries() -> list[dict[str, Any]]:
    athena = boto3.client("athena")
    ids = athena.list_query_executions(WorkGroup="building-vitals")["QueryExecutionIds"]
    return [
        athena.get_query_execution(QueryExecutionId=execution_id)["QueryExecution"] for execution_id in ids
    ]


@pytest.mark.parametrize("format", ["csv", "parquet", "arrow", "json"])
def test_exports_of_every_kind_of_day_are_exact(stage: Stage, format: str) -> None:
    export = stage.start(format=format)
    kinds = [item.kind for item in stage_plan(stage, export).parts]
    assert kinds == ["archive", "day", "day"]
    stage.drain()
    stage.assert_exact(export)
    answer = stage.get(export)
    assert (answer["days_total"], answer["days_done"], answer["attempts"]) == (4, 4, 1)
    assert answer["bytes_scanned"] > 0
    corrected = {value for value in stage.download(answer).values()}
    assert {struct.pack("<d", -0.0), struct.pack("<d", 0.1 + 0.2)} <= corrected


def stage_plan(stage: Stage, export: str) -> Any:
    table = ExportTable(stage.world.client, "StateTable")
    record = table.load(export, stage.world.clock())
    assert record is not None
    return table.plan(record)


@pytest.mark.parametrize("max_name_bytes", [100, 200_000])
@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_some_points_of_a_part_of_some_days(
    stage: Stage, format: str, max_name_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the names are too many for Athena."""
    monkeypatch.setattr("vitals.reading.bulk.athena_sql._MAX_NAME_BYTES", max_name_bytes)
    span = Span(SYNCED[0].start_ms + 20 * MINUTE_MS + 1, SYNCED[3].end_ms - 10 * MINUTE_MS)
    names = sorted({name for name, _ in stage.truth(span)})[3:15]
    export = stage.start(
        format=format, point_names=[*names, names[0]], start_time=span.start_ms, end_time=iso(span.end_ms)
    )
    stage.drain()
    stage.assert_exact(export, span, set(names))
    answer = stage.get(export)
    assert (answer["points"], answer["start_time"], answer["end_time"]) == (
        12,
        iso(span.start_ms),
        iso(span.end_ms),
    )


def test_older_records_are_raw_and_utc(deployed: Stage) -> None:
    export = deployed.start(format="csv")
    deployed.world.client.update_item(
        TableName="StateTable",
        Key=keys.export_record(export),
        UpdateExpression="REMOVE #timezone, #form, resolution, measure, #fill, week_start, units, #hours,"
        " #days",
        ExpressionAttributeNames={f"#{name}": name for name in ("timezone", "form", "fill", "hours", "days")},
    )
    answer = deployed.get(export)
    assert (answer["timezone"], answer["form"], answer["resolution"]) == ("UTC", "series", "raw")
    assert (answer["measure"], answer["fill"], answer["units"]) == (None, None, "source")


def test_files_are_cut_where_they_are_full(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_app, "MAX_FILE_BYTES", 1)
    monkeypatch.setattr(record_batches, "_BATCH_ROWS", 30)
    export = stage.start(format="csv")
    stage.drain()
    assert len(stage.get(export)["files"]) > 10
    stage.assert_exact(export)


def test_a_day_too_large_for_athena_is_built(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    Ledger(stage.world.client, "StateTable").update_archive(SiteDay(SITE, FIRST), bytes=10**12)
    # As Parquet a day of this size would exceed ExportDailyBytes.
    export = stage.start(format="csv")
    assert [item.kind for item in stage_plan(stage, export).parts] == ["day", "archive", "day", "day"]
    stage.drain()
    stage.assert_exact(export)


def test_an_empty_range_completes_without_files(deployed: Stage) -> None:
    export = deployed.start(start_time="2020-01-01", end_time="2020-01-05")
    deployed.drain()
    answer = deployed.get(export)
    assert (answer["status"], answer["files"], answer["rows"]) == ("completed", [], 0)


def test_progress_is_told_part_by_part(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    real = ExportTable.update

    def counting(self: ExportTable, export: Any, *arguments: Any, **facts: Any) -> None:
        real(self, export, *arguments, **facts)
        answer = stage.get(export.export)
        seen.append((answer["status"], answer["progress_percent"]))

    monkeypatch.setattr(ExportTable, "update", counting)
    stage.start()
    stage.drain()
    assert seen == [("running", 50), ("running", 75), ("running", 100), ("completed", 100)]


# In their order, so that before one is after the one above it.
STEPS = [
    (ExportTable, "claim", 1),
    (ExportTable, "plan", 1),
    (Athena, "run", 1),
    (ArchiveUnload, "_copy", 1),
    (ExportFiles, "put", 1),
    (ExportTable, "finish_part", 1),
    (ExportTable, "update", 1),
    (DayRows, "_build", 1),
    (ExportFiles, "put", 2),
    (ExportTable, "finish_part", 2),
    (ExportTable, "update", 2),
    (DayRows, "_build", 2),
    (ExportFiles, "put", 3),
    (ExportTable, "finish_part", 3),
    (ExportTable, "update", 3),
    (ExportTable, "release", 1),
    (Exports, "handle", 1),
]


@pytest.mark.parametrize(("owner", "method", "number"), STEPS)
def test_killed_before_any_step_a_repeat_completes_it(
    stage: Stage, owner: type, method: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the handler itself, after it."""
    export = stage.start(format="csv")
    message = stage.receive()
    assert message
    with killed_at(owner, method, call=number, after=owner is Exports):
        stage.deliver(message)
    recorded = set(done(stage, export))
    repeated: list[BulkRequest] = []
    run = ArchiveUnload.run

    def noticing(self: ArchiveUnload, request: BulkRequest) -> Any:
        repeated.append(request)
        return run(self, request)

    monkeypatch.setattr(ArchiveUnload, "run", noticing)
    stage.world.clock.forward(30)
    assert stage.deliver(message, receives=2)
    stage.assert_exact(export)
    assert len(repeated) == (0 not in recorded)
    assert stage.deliver(message, receives=3)
    stage.assert_exact(export)


def done(stage: Stage, export: str) -> dict[int, FinishedPart]:
    table = ExportTable(stage.world.client, "StateTable")
    record = table.load(export, stage.world.clock())
    return table.done(record) if record else {}


def test_time_that_runs_short_is_another_messages(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    export = stage.start()
    real = ExportTable.finish_part

    def slow(self: ExportTable, *arguments: Any) -> bool:
        stage.remaining_s = 599
        return real(self, *arguments)

    monkeypatch.setattr(ExportTable, "finish_part", slow)
    for number in range(1, 3):
        stage.remaining_s = 900
        message = stage.receive()
        assert message
        assert stage.deliver(message)
        answer = stage.get(export)
        assert (answer["status"], len(done(stage, export))) == ("queued", number)
    stage.remaining_s = 900
    stage.drain()
    stage.assert_exact(export)
    assert stage.get(export)["attempts"] == 3


def test_a_second_delivery_leaves_the_first_one_alone(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    export = stage.start()
    message = stage.receive()
    assert message
    real, second = ArchiveUnload.run, []

    def meanwhile(*arguments: Any) -> Any:
        second.append(stage.deliver(message, receives=2))
        return real(*arguments)

    monkeypatch.setattr(ArchiveUnload, "run", meanwhile)
    assert stage.deliver(message)
    assert second == [True]
    # Should the first have been killed, this one comes when its claim is over.
    assert stage.delayed() == 1
    stage.assert_exact(export)
    assert stage.get(export)["attempts"] == 1
    assert len(stage.objects(export)) == len(stage.get(export)["files"])


def test_a_late_worker_changes_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    export = stage.start()
    message = stage.receive()
    assert message
    real, others = ArchiveUnload.run, []

    def asleep(*arguments: Any) -> Any:
        if not others:
            others.append(1)
            stage.world.clock.now_ms += LEASE
            others.append(stage.deliver(message, receives=2))
        return real(*arguments)

    monkeypatch.setattr(ArchiveUnload, "run", asleep)
    assert not stage.deliver(message)
    assert others == [1, True]
    stage.assert_exact(export)
    answer = stage.get(export)
    assert (answer["attempts"], answer["error"]) == (2, "")
    assert stage.objects(export) == {file["name"] for file in answer["files"]}


def test_high_priority_does_not_wait(stage: Stage) -> None:
    normal = [stage.start() for _ in range(2)]
    high = stage.start(priority="high")
    message = stage.receive()
    assert message
    assert json.loads(message["body"]) == {"export": high}
    stage.deliver(message)
    assert stage.get(high)["status"] == "completed"
    assert [stage.get(export)["status"] for export in normal] == ["queued", "queued"]
    stage.drain()
    assert stage.taken == ["EXPORT_QUEUE_HIGH_URL", "EXPORT_QUEUE_URL", "EXPORT_QUEUE_URL"]


def test_high_priority_stays_high(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    real = ExportTable.finish_part

    def slow(self: ExportTable, *arguments: Any) -> bool:
        stage.remaining_s = 599
        return real(self, *arguments)

    export = stage.start(priority="high")
    with monkeypatch.context() as patch:
        patch.setattr(ExportTable, "finish_part", slow)
        message = stage.receive()
        assert message
        assert stage.deliver(message)
    stage.remaining_s = 900
    stage.drain()
    assert set(stage.taken) == {"EXPORT_QUEUE_HIGH_URL"}
    assert stage.get(export)["status"] == "completed"


def test_one_that_waits_is_cancelled_at_once(deployed: Stage) -> None:
    export = deployed.start()
    status, answer = deployed.delete(export)
    assert (status, answer["status"], answer["cancel_requested"]) == (200, "cancelled", True)
    deployed.drain()
    assert deployed.get(export)["status"] == "cancelled"
    assert queries() == []


def test_a_running_export_stops_before_its_next_part(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    export = stage.start()
    real = DayRows._build
    answers = []

    def cancelling(*arguments: Any) -> Any:
        answers.append(stage.delete(export))
        assert stage.objects(export)
        return real(*arguments)

    monkeypatch.setattr(DayRows, "_build", cancelling)
    stage.drain()
    [(status, answer)] = answers
    assert (status, answer["status"], answer["cancel_requested"]) == (202, "running", True)
    assert stage.get(export)["status"] == "cancelled"
    assert stage.objects(export) == set()
    assert stage.delete(export) == (200, {"id": export, "status": "removed"})


def test_a_cancelled_export_stops_its_query(
    stage: Stage, stuck: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = stage.start()

    def pauses(_: Athena) -> Iterator[float]:
        yield from [0.0, 0.0]
        assert stage.delete(export)[0] == 202
        yield from [0.0] * 10

    monkeypatch.setattr(Athena, "_pauses", pauses)
    stage.drain()
    assert stage.get(export)["status"] == "cancelled"
    [query] = queries()
    assert query["Status"]["State"] == "CANCELLED"


def test_an_athena_that_takes_too_long_is_stopped(
    stage: Stage, stuck: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = stage.start()
    message = stage.receive()
    assert message
    monkeypatch.setattr(Athena, "_pauses", lambda _: iter([0.0, work._PART_S]))
    assert not stage.deliver(message)
    answer = stage.get(export)
    assert (answer["status"], answer["error"]) == (
        "queued",
        "Athena did not answer in time; narrow the range",
    )
    [query] = queries()
    assert query["Status"]["State"] == "CANCELLED"


def test_one_whose_worker_was_killed_can_be_cancelled(stage: Stage) -> None:
    """Before its claim is over, by the next delivery; after that, at once."""
    for wait_ms in (0, LEASE):
        export = stage.start()
        message = stage.receive()
        assert message
        with killed_at(ExportTable, "update"):
            stage.deliver(message)
        stage.world.clock.now_ms += wait_ms
        assert stage.delete(export)[0] == (200 if wait_ms else 202)
        stage.world.clock.now_ms += 2 * LEASE
        assert stage.deliver(message, receives=2)
        assert stage.get(export)["status"] == "cancelled"
        assert stage.objects(export) == set()


@pytest.mark.parametrize(
    ("break_it", "text"),
    [
        (
            lambda s: s.s3.delete_object(Bucket=BUCKET, Key=keys.day_file(SiteDay(SITE, FIRST))),
            f"the file of {SITE}, 2026-01-01 does not exist",
        ),
        (
            lambda s: boto3.client("glue").delete_table(DatabaseName="building_vitals", Name="samples"),
            "Athena failed to run the query; narrow the range or try again",
        ),
        (
            lambda s: s.s3.delete_object(Bucket=BUCKET, Key=keys.day_file(SiteDay(SITE, FIRST + 2 * DAY_MS))),
            f"the file of {SITE}, 2026-01-03 does not exist",
        ),
    ],
)
def test_repeated_failures_end_an_export_with_their_error(
    stage: Stage, break_it: Callable[[Stage], Any], text: str
) -> None:
    export = stage.start()
    message = stage.receive()
    assert message
    break_it(stage)
    for receives in range(1, MAX_RECEIVES + 1):
        assert not stage.deliver(message, receives)
        status = "failed" if receives == MAX_RECEIVES else "queued"
        answer = stage.get(export)
        assert (answer["status"], answer["error"], answer["attempts"]) == (status, text, receives)
    assert answer["ended_at"]
    assert "files" not in answer
    assert stage.delete(export) == (200, {"id": export, "status": "removed"})
    assert stage.call("GET", f"/exports/{export}")[0] == 404
    assert stage.objects(export) == set()


def test_an_unforeseen_error_is_for_the_log_only(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    export = stage.start()
    message = stage.receive()
    assert message
    monkeypatch.setattr(DayRows, "_build", lambda *_: 1 / 0)
    assert not stage.deliver(message, MAX_RECEIVES)
    assert stage.get(export)["error"] == work._UNEXPECTED


def test_a_redriven_export_continues(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    export = stage.start()
    message = stage.receive()
    assert message
    with monkeypatch.context() as patch:
        patch.setattr(DayRows, "_build", lambda *_: 1 / 0)
        assert not stage.deliver(message, MAX_RECEIVES)
    assert stage.get(export)["status"] == "failed"
    assert set(done(stage, export)) == {0}
    assert stage.deliver(message, 1)
    assert len(queries()) == 1
    stage.assert_exact(export)


def test_a_kill_in_the_last_attempt_is_shown(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    export = stage.start()
    message = stage.receive()
    assert message
    with killed_at(DayRows, "_build"):
        stage.deliver(message, MAX_RECEIVES)
    assert stage.get(export)["status"] == "running"
    stage.world.clock.now_ms += LEASE
    answer = stage.get(export)
    assert (answer["status"], answer["error"]) == ("failed", "the last attempt was killed")
    assert stage.deliver(message, 1)
    stage.assert_exact(export)


def test_a_day_that_changes_is_read_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = day_rows.build_day, []

    def conflicting(*arguments: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) < 4:
            raise ConflictError("changed while it was read")
        return real(*arguments, **named)

    monkeypatch.setattr(day_rows, "build_day", conflicting)
    export = stage.start()
    stage.drain()
    assert len(calls) == 5
    stage.assert_exact(export)


def test_links_and_records_expire(stage: Stage) -> None:
    export = stage.start()
    stage.drain()
    created = stage.world.clock()

    def lifetime() -> int:
        [link, *_] = [file["url"] for file in stage.get(export)["files"]]
        query = parse_qs(urlsplit(link).query)
        assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
        return int(query["X-Amz-Expires"][0])

    assert lifetime() == 3_600
    assert stage.get(export)["links_expire_at"] == iso(created + HOUR_MS)
    assert stage.get(export)["expires_at"] == iso(created + RETENTION_MS)
    stage.world.clock.now_ms = created + RETENTION_MS - 10 * MINUTE_MS
    assert lifetime() == 600
    stage.world.clock.now_ms = created + RETENTION_MS
    assert stage.call("GET", f"/exports/{export}")[0] == 404
    assert stage.call("DELETE", f"/exports/{export}")[0] == 404
    assert stage.call("GET", "/exports", {"site_name": SITE})[1] == {"exports": []}
    assert stage.deliver({"body": json.dumps({"export": export})})


def test_every_record_of_an_export_expires(stage: Stage) -> None:
    stage.start()
    stage.drain()
    ours = export_items(stage)
    assert len(ours) == 4 + 3
    created = stage.world.clock()
    assert {item["expires_at"]["N"] for item in ours} == {str((created + RETENTION_MS) // 1000)}


def export_items(stage: Stage) -> list[dict[str, Any]]:
    """All items of exports but for the reserved bytes of the day."""
    items = stage.world.client.scan(TableName="StateTable")["Items"]
    return [item for item in items if re.fullmatch(r"exports?#[^#]+", item["pk"]["S"])]


def test_removing_leaves_nothing(stage: Stage) -> None:
    export = stage.start()
    stage.drain()
    link = stage.get(export)["files"][0]["url"]
    assert requests.get(link, timeout=10).status_code == 200
    assert stage.delete(export) == (200, {"id": export, "status": "removed"})
    assert requests.get(link, timeout=10).status_code == 404
    # The next sweep removes it.
    assert [item["pk"]["S"] for item in export_items(stage)] == [keys.OPEN_EXPORTS]
    assert stage.delete(export)[0] == 404


def test_a_sites_exports_are_listed_newest_first(deployed: Stage) -> None:
    exports = []
    for _ in range(3):
        exports.append(deployed.start())
        deployed.world.clock.forward(1)
    _, answer = deployed.call("GET", "/exports", {"site_name": SITE, "limit": "2"})
    assert [export["id"] for export in answer["exports"]] == exports[:0:-1]
    assert all("files" not in export for export in answer["exports"])


def test_an_export_that_cannot_be_queued_is_removed(deployed: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitals.aws.sqs.MessageQueue.send", lambda *_: 1 / 0)
    status, answer = deployed.call("POST", "/exports", body=export_body())
    assert (status, answer["error_code"]) == (500, "INTERNAL_ERROR")
    assert deployed.call("GET", "/exports", {"site_name": SITE})[1] == {"exports": []}


def test_a_refused_message_is_a_503(deployed: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    make = BaseClient._make_api_call

    def refused(client: Any, operation: str, parameters: Any) -> Any:
        if operation != "SendMessageBatch":
            return make(client, operation, parameters)
        return {"Successful": [], "Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": False}]}

    with monkeypatch.context() as patched:
        patched.setattr(BaseClient, "_make_api_call", refused)
        status, answer = deployed.call("POST", "/exports", body=export_body())
    assert (status, answer["error_code"]) == (503, "UNAVAILABLE")
    assert "did not accept 1 of the messages; try again" in answer["error"]
    assert deployed.call("GET", "/exports", {"site_name": SITE})[1] == {"exports": []}


@pytest.mark.parametrize(
    ("body", "status", "code", "text"),
    [
        (export_body(site_name="elsewhere"), 404, "NOT_FOUND", "no site 'elsewhere'"),
        (export_body(site_name="../x"), 400, "INVALID_REQUEST", "site name"),
        (export_body(point_names=["no such point"]), 404, "NOT_FOUND", "no point 'no such point'"),
        (export_body(point_names="all"), 400, "INVALID_REQUEST", "point_names"),
        (export_body(point_names=["x" * 513]), 400, "INVALID_REQUEST", "point_names"),
        (export_body(start_time="2026-02-01"), 400, "INVALID_REQUEST", "before end_time"),
        (export_body(start_time="2023-01-01"), 413, "TOO_LARGE", "730 days"),
        (export_body(start_time="2026-02-30"), 400, "INVALID_REQUEST", "ISO 8601"),
        (export_body(start_time=None), 400, "INVALID_REQUEST", "start_time"),
        (export_body(start_time="2027-01-01", end_time="2027-01-02"), 400, "INVALID_REQUEST", "future"),
        (export_body(format="xlsx"), 400, "INVALID_REQUEST", "format"),
        (export_body(format="csv", timezone="Chicago"), 400, "INVALID_REQUEST", "IANA name"),
        (export_body(timezone="Europe/Berlin"), 400, "INVALID_REQUEST", "requires format csv or json"),
        (export_body(priority="urgent"), 400, "INVALID_REQUEST", "priority"),
        ({"site_name": SITE}, 400, "INVALID_REQUEST", "start_time"),
        ("nonsense", 400, "INVALID_REQUEST", "not valid JSON"),
        (export_body(padding="x" * 3_200_000), 413, "TOO_LARGE", "larger than"),
        (export_body(width=100), 400, "INVALID_REQUEST", "unknown key 'width'"),
    ],
)
def test_bad_requests_are_refused(deployed: Stage, body: Any, status: int, code: str, text: str) -> None:
    answered, answer = deployed.call("POST", "/exports", body=body, sites="*")
    assert (answered, answer["error_code"]) == (status, code)
    assert text in answer["error"]
    assert set(answer) == {"error", "error_code", "request_id"}
    assert deployed.receive() is None


def test_a_removed_site_has_no_exports(deployed: Stage) -> None:
    for status, answered in ((PAUSED, 202), (REMOVED, 404)):
        SiteTable(boto3.client("dynamodb"), "StateTable").set_status(SITE, status)
        assert deployed.call("POST", "/exports", body=export_body())[0] == answered


def test_exports_require_access_to_the_site(deployed: Stage) -> None:
    export = deployed.start()
    deployed.drain()
    stranger = {"sites": "other"}
    assert deployed.call("POST", "/exports", body=export_body(), **stranger)[0] == 403
    assert deployed.call("GET", "/exports", {"site_name": SITE}, **stranger)[0] == 403
    for method in ("GET", "DELETE"):
        status, answer = deployed.call(method, f"/exports/{export}", **stranger)
        assert (status, answer["error_code"]) == (404, "NOT_FOUND")
        assert deployed.call(method, "/exports/no-such-export", **stranger)[0] == 404
    assert deployed.get(export)["requested_by"] == "notebook"
    assert deployed.call("GET", "/exports")[0] == 400
    assert deployed.call("GET", "/exports/" + "x" * 81)[0] == 400


@pytest.mark.parametrize("scopes", ["read", "read backfill"])
def test_every_route_requires_the_scope(deployed: Stage, scopes: str) -> None:
    export = deployed.start()
    requests_of_all: list[tuple[Any, ...]] = [
        ("POST", "/exports", None, export_body()),
        ("GET", "/exports", {"site_name": SITE}),
        ("GET", f"/exports/{export}"),
        ("DELETE", f"/exports/{export}"),
    ]
    for request in requests_of_all:
        status, answer = deployed.call(*request, scopes=scopes)
        assert (status, answer["error_code"]) == (403, "FORBIDDEN")
        assert answer["error"] == "the token lacks the scope 'export'"
    assert deployed.get(export)["status"] == "queued"


def test_an_export_is_worked_on_by_hand(stage: Stage) -> None:
    export = stage.start()
    receipt = worker_app.handler({"export": export}, stage.context())
    assert (receipt["status"], receipt["days_done"]) == ("completed", 4)
    assert worker_app.handler({"export": "no-such-export"}, stage.context())["status"] == "unknown"


def test_no_site_may_queue_without_end(deployed: Stage) -> None:
    exports = [deployed.start() for _ in range(MAX_WAITING)]
    status, answer = deployed.call("POST", "/exports", body=export_body())
    assert (status, answer["error_code"]) == (429, "RATE_LIMITED")
    assert deployed.delete(exports[0])[0] == 200
    deployed.start()


def test_only_who_made_an_export_ends_it(deployed: Stage) -> None:
    export = deployed.start()
    assert deployed.call("DELETE", f"/exports/{export}", token="charts")[0] == 403
    assert deployed.call("GET", f"/exports/{export}", token="charts")[0] == 200
    assert deployed.call("DELETE", f"/exports/{export}", token="ops", scopes="admin")[0] == 200
