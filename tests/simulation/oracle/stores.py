"""Oracles over the stores themselves, which read the servers of AWS directly after each step.

A step is an invocation that has ended or was killed. Each write of a table is seen when it is made; what can
only be judged from many of them, or from a file, is compared at the end of the step.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.simulation.aws.cloud import Cloud
from tests.simulation.oracle.archives import Archives
from tests.simulation.oracle.day_files import DayFiles
from tests.simulation.oracle.expiry import Expiry
from tests.simulation.oracle.exports import ExportOracle
from tests.simulation.oracle.fetches import Fetches
from tests.simulation.oracle.findings import Findings
from tests.simulation.oracle.problems import WRONG, Problems
from tests.simulation.oracle.state import Catalogs, Progress
from tests.simulation.oracle.store_rest import RestOracle
from tests.simulation.stack import BUCKET, Died, Invocation
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS
from vitals.store import keys

_ROLLUP = "#rollup#"


class StoreOracle:
    """Compares tables and bucket of a run with each other, and with what they were."""

    def __init__(
        self,
        *,
        cloud: Cloud,
        sites: Sequence[str],
        hot_days: int,
        fetches: Fetches,
        problems: Problems,
        now_ms: Callable[[], float],
    ) -> None:
        def now() -> int:
            return int(now_ms())

        self._cloud = cloud
        self._sites = sites
        self._now_ms = now
        self._checked_day = now() // DAY_MS
        self.findings = Findings(problems)
        self._catalogs = Catalogs(self.findings)
        self._progress = Progress(self.findings, fetches)
        self._files = DayFiles(cloud.s3, BUCKET, self._catalogs, self.findings)
        self._archives = Archives(self._files, self._catalogs, self.findings, now)
        self._expiry = Expiry(
            files=self._files,
            catalogs=self._catalogs,
            fetches=fetches,
            findings=self.findings,
            now_ms=now,
            etag=self._archives.etag,
            expires_ms=self._archives.expires_ms,
            is_settled=self._archives.is_settled,
        )
        self._exports = ExportOracle(cloud, self._catalogs, fetches, self.findings)
        self._at_rest = RestOracle(
            catalogs=self._catalogs,
            files=self._files,
            archives=self._archives,
            expiry=self._expiry,
            fetches=fetches,
            findings=self.findings,
            now_ms=now,
            hot_days=hot_days,
        )
        cloud.dynamodb.watch("HotTable", self._hot_written)
        cloud.dynamodb.watch("StateTable", self._state_written)

    def check(self, invocation: Invocation) -> None:
        """Compares what has changed since the last check; and all files when a new day has begun."""
        self._compare()
        day = self._now_ms() // DAY_MS
        if day != self._checked_day:
            self._checked_day = day
            self._check_listing()
        self.findings.report(_step(invocation))

    def at_rest(self) -> None:
        """Compares everything, when nothing runs, no call fails, and a night's archiving has ended."""
        self._archives.check_all()
        self._compare()
        self._check_listing()
        self._at_rest.check()
        self.findings.report("at rest")

    def _compare(self) -> None:
        self._expiry.check()
        self._archives.check()
        for day, rows in self._archives.settled:
            blocks = self._expiry.blocks(day)
            if blocks:
                self._expiry.compare(rows, blocks, equal=True)
        self._archives.settled.clear()

    def export_completed(self, export: Mapping[str, Any]) -> None:
        """Reads the files of an export that is completed; `export` is the answer, with what was asked."""
        self._exports.check(export)
        self.findings.report("when it was completed")

    def _check_listing(self) -> None:
        self._exports.check_files(self._now_ms())
        for site in self._sites:
            for day in self._files.days(site):
                if self._archives.record(day) is None:
                    self.findings.add(WRONG, f"{day}: there is a file, and no record of it")

    def _hot_written(self, key: Any, before: Any, after: Any) -> None:
        partition, start_ms = key
        if _ROLLUP in partition:
            site, _, point = partition.partition(_ROLLUP)
            self._archives.rollup_written(SiteDay(site, start_ms), int(point), after)
        else:
            self._expiry.written(partition, start_ms, before, after)

    def _state_written(self, key: Any, before: Any, after: Any) -> None:
        partition, sort = key
        site = partition.removeprefix("site#")
        if partition == keys.SITES_PARTITION:
            self._progress.site_written(sort, before, after)
        elif site == partition:
            return
        elif sort.startswith(keys.ARCHIVE_PREFIX):
            self._archives.written(SiteDay.parse(site, sort.removeprefix(keys.ARCHIVE_PREFIX)), after)
        elif sort.startswith(keys.DAY_PREFIX):
            self._progress.windows_written(site, sort.removeprefix(keys.DAY_PREFIX), before, after)
        elif sort.startswith(keys.CATALOG_PREFIX):
            self._catalogs.written(site, sort, after)


def _step(invocation: Invocation) -> str:
    """Returns the step in words."""
    ending = "killed" if isinstance(invocation.error, Died) else "failed" if invocation.error else "ended"
    return f"after {invocation.function}, {ending}"
