"""Every conditional write of the stores: with a lost answer it returns and leaves what it does without."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import boto3
import numpy as np
import pytest

from tests.support.clock import Clock
from tests.support.lost_answers import LostAnswer, requests
from tests.support.moto_aws import restore_tables, saved_tables
from vitals.aws.runtime import Runtime
from vitals.codec.day_file import Contents
from vitals.errors import ConflictError
from vitals.model.points import ListedPoint
from vitals.model.records.exports import COMPLETED, QUEUED, Export, ExportPlan, FinishedPart
from vitals.model.records.ledger import ArchivedFile, Attempt
from vitals.model.records.runs import Run
from vitals.model.records.views import SavedView
from vitals.model.samples import Samples, from_columns
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, WINDOW_MS, Span
from vitals.store.control.rate_limit import SharedPace
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.exports import ExportTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.runs import RunTable
from vitals.store.state.sites import SiteTable
from vitals.store.state.tokens import TokenTable
from vitals.store.state.views import ViewTable
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.rollups import RollupTier

START = 1_767_225_600_000
DAY = SiteDay("mill", START)
HOUR = Span(START, START + HOUR_MS)
WHOLE = Span(START, START + DAY_MS)
RUNTIME = Runtime(
    now_ms=lambda: START, uniform=lambda low, _: low, sleep=lambda _: None, new_id=lambda: "an id"
)
EXPORT = Export("e", site="mill", created_ms=START, claim="")
RUN = Run("r", site="mill", started_ms=START)
VIEW = SavedView("v", "range=7d", "ada", START)
FILE = ArchivedFile(rows=1, points=1, bytes=1, checksum="c", etag="e", version="v", windows=1)
CONTENTS = Contents(site=DAY.site, day=DAY.date, rows=1, points=1, checksum="c")
A_FEW = from_columns([0, 0, 70], [START, START + WINDOW_MS, START], [1.0, 2.0, 3.0])


@dataclass(frozen=True)
class Case:
    """A write and what is stored before it; both get the client."""

    write: Callable[[Any], Any]
    before: Callable[[Any], Any] = lambda _: None


def sites(client: Any) -> SiteTable:
    return SiteTable(client, "StateTable", RUNTIME)


def views(client: Any) -> ViewTable:
    return ViewTable(client, "StateTable", RUNTIME)


def catalog(client: Any, *names: str) -> Any:
    return CatalogTable(client, "StateTable").refresh("mill", map(ListedPoint, names))


def hot(client: Any) -> HotTier:
    return HotTier(client, "HotTable", RUNTIME)


def dense(seed: int = 1) -> Samples:
    """More than one item can hold, in one window."""
    ids = np.repeat(np.arange(64), 1_200).astype(np.int32)
    times = START + np.tile(np.arange(1_200) * 250, 64)
    return Samples(ids, times, np.random.default_rng(seed).random(len(ids)))


def expired(client: Any, points: int) -> int:
    tier = hot(client)
    blocks = [
        block for group in range(points // 64 + 1) for block in tier.read_group("mill", group, WHOLE, 0)[1]
    ]
    return tier.expire("mill", blocks, START // 1000)


def ledger(client: Any) -> Ledger:
    return Ledger(client, "StateTable")


def archived(client: Any) -> Any:
    """Every step of an archiving, and of one that began later."""
    for began_ms in (START, START + 1):
        record = ledger(client).archive_record(DAY)
        attempt = Attempt.after(DAY, record, began_ms, f"attempt-{began_ms}")
        expires_ms = START - began_ms % 2
        attempt = attempt.begin_read(record, now_ms=began_ms, source="hot", expires_ms=expires_ms)
        ledger(client).apply(DAY, attempt.started())
        ledger(client).apply(DAY, attempt.replacing("", began_ms))
        ledger(client).apply(DAY, attempt.verified(FILE))
        ledger(client).apply(DAY, attempt.done(began_ms))
    return ledger(client).archive_record(DAY)


def exports(client: Any) -> ExportTable:
    return ExportTable(client, "StateTable")


def created(client: Any) -> None:
    exports(client).create(EXPORT, ExportPlan(()))


def claimed(client: Any) -> bool:
    created(client)
    return claim(client)


def claim(client: Any) -> bool:
    return exports(client).claim(EXPORT, "mine", START, START + HOUR_MS, last_try=False)


def runs(client: Any) -> RunTable:
    return RunTable(client, "StateTable")


def begun(client: Any) -> None:
    runs(client).create(RUN)


def locked(client: Any) -> None:
    runs(client).lock("mill", "r", START)


def ended(client: Any) -> None:
    """Nobody asks whether this took effect."""
    runs(client).update_running("r", status="succeeded")


def tokens(client: Any) -> TokenTable:
    return TokenTable(client, "StateTable")


def create_token(client: Any) -> str:
    return tokens(client).create("charts", ["read"], ["*"], now_ms=START)


def rotate_token(client: Any, *, grace_ms: int) -> str:
    [old] = tokens(client).all()
    return tokens(client).replace(old, now_ms=START, old_until_ms=START + grace_ms)


CASES = {
    "the first checkpoint": Case(lambda c: sites(c).advance("mill", None, HOUR, {"null": 1})),
    "a checkpoint": Case(
        lambda c: sites(c).advance("mill", HOUR.end_ms, Span(HOUR.end_ms, HOUR.end_ms + WINDOW_MS), {}),
        lambda c: sites(c).advance("mill", None, HOUR, {}),
    ),
    "settings of a site": Case(
        lambda c: sites(c).set_settings("mill", {"units": "metric", "holidays": ("2026-12-25",)}, "ada"),
        lambda c: sites(c).set_status("mill", "paused"),
    ),
    "a view": Case(lambda c: views(c).save("mill", VIEW)),
    "a view of another's name": Case(
        lambda c: views(c).save("mill", VIEW), lambda c: views(c).save("mill", replace(VIEW, view="a=1"))
    ),
    "a removed view": Case(lambda c: views(c).remove("mill", "v"), lambda c: views(c).save("mill", VIEW)),
    "a new catalog": Case(lambda c: catalog(c, *map(str, range(600)))),
    "an absence": Case(lambda c: catalog(c, "b"), lambda c: catalog(c, "a", "b")),
    "blocks": Case(lambda c: hot(c).write("mill", A_FEW, START)),
    "changed blocks": Case(
        lambda c: hot(c).write("mill", from_columns([0, 1], [START, START], [5.0, 6.0]), START + 1),
        lambda c: hot(c).write("mill", A_FEW, START),
    ),
    "a block of many items": Case(lambda c: hot(c).write("mill", dense(), START)),
    "a changed block of many items": Case(
        lambda c: hot(c).write("mill", dense(2), START + 1), lambda c: hot(c).write("mill", dense(), START)
    ),
    "the expiry of blocks": Case(lambda c: expired(c, 70), lambda c: hot(c).write("mill", A_FEW, START)),
    "the expiry of many items": Case(lambda c: expired(c, 1), lambda c: hot(c).write("mill", dense(), START)),
    "polled windows": Case(
        lambda c: ledger(c).record("mill", HOUR, {START: 5}, 7),
        lambda c: ledger(c).record("mill", HOUR, {START: 4}, 3),
    ),
    "an archiving": Case(archived),
    "rollups": Case(
        lambda c: RollupTier(c, "HotTable", RUNTIME).write(DAY, {1: b"new", 2: b"new"}, START),
        lambda c: RollupTier(c, "HotTable", RUNTIME).write(DAY, {1: b"old", 3: b"old"}, START - 1),
    ),
    "an export": Case(created),
    "a claim": Case(claim, created),
    "a claimed export": Case(lambda c: exports(c).update(EXPORT, "mine", rows=1), claimed),
    "a released export": Case(lambda c: exports(c).release(EXPORT, "mine", 5, status=QUEUED), claimed),
    "a completed export": Case(lambda c: exports(c).release(EXPORT, "mine", 5, status=COMPLETED), claimed),
    "a finished part": Case(
        lambda c: exports(c).finish_part(EXPORT, 0, FinishedPart(1, 2, (("a mine.csv", 3),))), claimed
    ),
    "a request to cancel": Case(lambda c: exports(c).request_cancel(EXPORT, START), claimed),
    "a cancelled export": Case(lambda c: exports(c).cancel_idle(EXPORT, START), created),
    "a removed export": Case(lambda c: exports(c).remove(EXPORT), claimed),
    "a lock": Case(lambda c: runs(c).lock("mill", "r", START)),
    "a lock of an ended run": Case(
        lambda c: runs(c).lock("mill", "r", START, "old"), lambda c: runs(c).lock("mill", "old", START)
    ),
    "a released lock": Case(lambda c: runs(c).unlock("mill", "r"), locked),
    "a run": Case(lambda c: runs(c).create(RUN)),
    "a cancelled run": Case(lambda c: runs(c).update_running("r", cancel_ms=START), begun),
    "an ended run": Case(ended, begun),
    "a token": Case(create_token),
    "a replaced token": Case(lambda c: rotate_token(c, grace_ms=0), create_token),
    "a token with a successor": Case(lambda c: rotate_token(c, grace_ms=HOUR_MS), create_token),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_lost_answer_changes_nothing(dynamodb: Any, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {"secret": "vitals_old"}
    monkeypatch.setattr("vitals.store.state.tokens._new_secret", lambda: secrets["secret"])
    case.before(dynamodb)
    secrets["secret"] = "vitals_new"
    before, results = saved_tables(), []
    operations = requests(lambda: results.append(case.write(dynamodb)))
    expected = results[0], tables(dynamodb)
    assert operations
    for number in range(len(operations)):
        restore_tables(before)
        with LostAnswer(number=number).patched():
            result = case.write(dynamodb)
        assert (result, tables(dynamodb)) == expected


def tables(client: Any) -> list[list[dict[str, Any]]]:
    return [sorted(client.scan(TableName=table)["Items"], key=repr) for table in ("HotTable", "StateTable")]


def test_a_lost_race_is_still_one(dynamodb: Any) -> None:
    """Of two writers of equal facts, each with a lost answer, one wins."""
    won = []
    for name in ("first", "second"):
        table = SiteTable(dynamodb, "StateTable", Runtime(new_id=lambda name=name: name))
        with LostAnswer("UpdateItem", number=0).patched():
            won.append(table.advance("mill", None, HOUR, {}))
    assert won == [True, False]


def test_another_workers_part_is_not_its_own(dynamodb: Any) -> None:
    claimed(dynamodb)
    won = []
    for name in ("first.csv", "second.csv"):
        with LostAnswer("PutItem", number=0).patched():
            won.append(exports(dynamodb).finish_part(EXPORT, 0, FinishedPart(1, 2, ((name, 3),))))
    assert won == [True, False]


def test_a_lost_answer_costs_a_request_slot(dynamodb: Any, clock: Clock) -> None:
    """No slot is given out twice."""

    def sleep(seconds: float) -> None:
        clock.now_ms += round(seconds * 1000)

    pace = SharedPace(dynamodb, "StateTable", "https://ace.example", 50, Runtime(now_ms=clock, sleep=sleep))
    began_ms, sent_ms = clock(), []
    # The first slot takes two requests, because nothing is reserved before it.
    for number in (1, 0, 0):
        with LostAnswer("UpdateItem", number=number).patched():
            pace.wait()
        sent_ms.append((clock() - began_ms) // 1_200)
    assert sent_ms == [1, 3, 5]


@pytest.fixture
def cold(aws: None) -> ColdTier:
    client = boto3.client("s3")
    client.create_bucket(Bucket="cold")
    client.put_bucket_versioning(Bucket="cold", VersioningConfiguration={"Status": "Enabled"})
    return ColdTier(client, "cold")


def test_a_day_file_is_put_without_answer(cold: ColdTier) -> None:
    """The first one, and one in its place."""
    stored = None
    for body in (b"one", b"two!"):
        with LostAnswer("PutObject", number=0).patched():
            stored = cold.put(DAY, body, CONTENTS, stored)
        head = boto3.client("s3").head_object(Bucket="cold", Key="timeseries/mill/2026/01/01/samples.parquet")
        assert (stored.etag, stored.version_id, stored.size) == (head["ETag"], head["VersionId"], len(body))
    assert len(boto3.client("s3").list_object_versions(Bucket="cold")["Versions"]) == 2


def test_the_same_file_of_another_is_a_conflict(cold: ColdTier) -> None:
    """Whoever finds it wrong would delete the file that the other one has verified."""
    cold.put(DAY, b"one", CONTENTS)
    with pytest.raises(ConflictError):
        cold.put(DAY, b"one", CONTENTS)
    with LostAnswer("PutObject", number=0).patched(), pytest.raises(ConflictError):
        cold.put(DAY, b"one", CONTENTS)
