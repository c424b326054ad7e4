"""An archived day on moto: its file, and what Athena reads of it."""

from collections.abc import Iterator

import boto3
import pytest

from local.athena.server import executing
from operations.smoke.athena import AthenaCheck
from operations.smoke.checks import Deadline, ProblemError
from operations.smoke.day_file import Archive
from operations.smoke.target import Target
from tests.support.archives import Archives
from tests.support.athena_archive import Clock, stuck
from tests.support.day_files import START, Series, build
from tests.support.sites import SITE
from vitals.model.timespan import DAY_MS, MINUTE_MS

__all__ = ["stuck"]

DAY = "2026-01-01"
SERIES: Series = {
    "a/b:1 'quoted'": {START + minute * MINUTE_MS: minute / 7 for minute in range(60)},
    "Zähler #2 %": {START: -0.0, START + DAY_MS - 1: 0.1 + 0.2},
}


@pytest.fixture
def archives(aws: None) -> Archives:
    archives = Archives()
    archives.configure(SITE, SERIES)
    archives.write(SITE, SERIES)
    return archives


@pytest.fixture
def archive(archives: Archives) -> Archive:
    outputs = archives.names | {"StateTable": "StateTable"}
    target = Target(outputs, "http://api", boto3.client, is_local=False, option="")
    return Archive(target, SITE, START + 3 * DAY_MS)


@pytest.fixture
def check(archive: Archive) -> Iterator[AthenaCheck]:
    clock = Clock()
    with executing():
        yield AthenaCheck(archive.target, archive, Deadline(900, clock.monotonic, clock.sleep))


def test_athena_reads_the_file_as_it_is(archive: Archive, check: AthenaCheck) -> None:
    assert archive.load() == f"{DAY} has 62 samples of 2 points"
    assert "all 2 points of 2026-01-01 equal the file" in check.run()


def test_an_empty_bucket_is_told_from_no_archive(archives: Archives, archive: Archive) -> None:
    archives.delete(SITE, DAY)
    bucket = archives.names["ColdBucket"]
    with pytest.raises(ProblemError, match=rf"bucket {bucket} has no file.* {DAY} {DAY} --force"):
        archive.load()


def test_an_empty_ledger_asks_for_a_backfill(archives: Archives, archive: Archive) -> None:
    archive.site = "other_site"
    with pytest.raises(ProblemError, match="no day of other_site is archived"):
        archive.load()


def test_an_overwritten_file_is_a_problem(archives: Archives, archive: Archive) -> None:
    archives.put(SITE, DAY, build({"a": {START: 1.0}}, site=SITE)[0])
    with pytest.raises(ProblemError, match="differs from its entry in the ledger"):
        archive.load()


def test_a_failing_athena_shows_its_reason(archives: Archives, archive: Archive, check: AthenaCheck) -> None:
    archive.load()
    archives.glue.delete_table(DatabaseName=archives.names["GlueDatabase"], Name=archives.names["GlueTable"])
    with pytest.raises(ProblemError, match=r"Athena failed \(.*Check the workgroup"):
        check.run()


def test_a_day_that_athena_lacks_is_a_difference(
    archives: Archives, archive: Archive, check: AthenaCheck
) -> None:
    archive.load()
    archives.project("2026/02/01")
    with pytest.raises(ProblemError, match=r"reads 2 of 2 points of .* otherwise than the file"):
        check.run()


def test_other_values_are_a_difference(archives: Archives, archive: Archive, check: AthenaCheck) -> None:
    archive.load()
    changed = {name: dict(points) for name, points in SERIES.items()}
    changed["a/b:1 'quoted'"][START + MINUTE_MS] += 2**-20
    archives.put(SITE, DAY, build(changed, site=SITE)[0])
    with pytest.raises(ProblemError, match=r"reads 1 of 2 points .*quoted"):
        check.run()


@pytest.mark.usefixtures("stuck")
def test_a_query_that_does_not_end_is_stopped(archive: Archive, check: AthenaCheck) -> None:
    archive.load()
    with pytest.raises(ProblemError, match="did not answer within 120 s"):
        check.run()
