"""Every version of every day file: none has fewer samples than the one that it replaced."""

from collections.abc import Sequence

from tests.simulation.aws.s3 import S3
from tests.simulation.aws.s3_bucket import Version
from tests.simulation.oracle import day_rows
from tests.simulation.oracle.day_rows import DayRows
from tests.simulation.oracle.findings import Findings
from tests.simulation.oracle.problems import LOST, WRONG
from tests.simulation.oracle.state import Catalogs
from vitals.model.site_day import SiteDay
from vitals.store import keys

_VERSIONS_IN_MEMORY = 12


class DayFiles:
    """The day files of a bucket, as they are and as they were."""

    def __init__(self, s3: S3, bucket: str, catalogs: Catalogs, findings: Findings) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._catalogs = catalogs
        self._findings = findings
        self._rows: dict[tuple[SiteDay, str], DayRows] = {}
        self._latest: dict[SiteDay, str] = {}
        self._keys: dict[SiteDay, str] = {}
        self._building_ms: dict[SiteDay, list[int]] = {}

    def announced(self, day: SiteDay, at_ms: int) -> None:
        """Notes that the ledger said at this time that the day's file is about to be replaced."""
        self._building_ms.setdefault(day, []).append(at_ms)

    def changed(self, day: SiteDay) -> bool:
        """Looks at new versions of a day's file; returns whether another one is the current one."""
        versions = self._history(day)
        latest = versions[-1].id if versions else ""
        before = self._latest.get(day, "")
        if latest == before:
            return False
        self._latest[day] = latest
        # A first version that was discarded leaves nothing.
        if versions and versions[-1].body is None:
            self._findings.add(LOST, f"{day}: the file is deleted")
            return True
        numbers = {version.id: number for number, version in enumerate(versions)}
        # A version that was discarded is the last that was seen, and no longer there.
        first = numbers[before] + 1 if before in numbers else len(versions) - 1 if before else 0
        for number in range(max(0, first), len(versions)):
            self._compare(day, versions[number - 1] if number else None, versions[number])
        return True

    def latest(self, day: SiteDay) -> str:
        """Returns the id of the current version when `changed` looked at it; "" for none."""
        return self._latest.get(day, "")

    def current(self, day: SiteDay) -> DayRows | None:
        """Returns the day's file, None when there is none."""
        versions = self._versions(day)
        return self._read(day, versions[-1]) if versions else None

    def of_etag(self, day: SiteDay, etag: str) -> DayRows | None:
        """Returns the latest version of the day's file with this ETag."""
        matches = [version for version in self._versions(day) if version.etag == etag]
        return self._read(day, matches[-1]) if matches else None

    def days(self, site: str) -> list[SiteDay]:
        """Returns the days that have a file."""
        files = self._s3.objects(self._bucket, keys.day_files(site))
        return [SiteDay.parse(site, keys.date_of_file(key)) for key in files]

    def _history(self, day: SiteDay) -> Sequence[Version]:
        key = self._keys.get(day)
        if key is None:
            key = self._keys[day] = keys.day_file(day)
        return self._s3.history(self._bucket, key)

    def _versions(self, day: SiteDay) -> Sequence[Version]:
        versions = self._history(day)
        return [version for version in versions if version.body is not None]

    def _compare(self, day: SiteDay, before: Version | None, after: Version) -> None:
        rows = self._read(day, after)
        for fault in rows.faults:
            self._findings.add(WRONG, f"{day}: in the file, {fault}")
        since_ms = before.created_ms if before else 0
        if not any(since_ms < ms <= after.created_ms for ms in self._building_ms.get(day, ())):
            self._findings.add(WRONG, f"{day}: the ledger did not say that the file is about to be replaced")
        if before is None or before.body is None:
            return
        missing = rows.missing(self._read(day, before).keys)
        if len(missing):
            text = day_rows.describe(missing, day, self._catalogs.names(day.site))
            self._findings.add(
                LOST, f"{day}: a new file lacks samples of the one before: {text}", len(missing)
            )

    def _read(self, day: SiteDay, version: Version) -> DayRows:
        key = (day, version.id)
        rows = self._rows.pop(key, None)
        if rows is None:
            rows = day_rows.read(day, version, self._catalogs.ids(day.site))
        self._rows[key] = rows
        while len(self._rows) > _VERSIONS_IN_MEMORY:
            del self._rows[next(iter(self._rows))]
        return rows
