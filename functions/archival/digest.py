"""The daily digest: what the quality of a day is, in one message to the alarm topic."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from vitals.aws.runtime import Runtime
from vitals.codec import quality_file
from vitals.model.quality.findings import PROBLEMS, DayQuality, FindingName, Outage, PointQuality
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, iso
from vitals.store.state.ledger import Ledger
from vitals.store.stores import Stores
from vitals.store.tiers.quality_files import QualityFiles

# Days of a site that was down for months are archived in one night; nobody reads a digest of each.
_LATEST_MS = 2 * DAY_MS
_MAX_FINDINGS = 10
# SNS takes less than 100.
_MAX_SUBJECT = 99
_VALUES: dict[FindingName, str] = {"stuck": "at", "range": "worst", "jump": "largest step"}

type Publish = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class DigestSender:
    """Sends digests by `publish`, which takes a subject and a text; `now` gives UTC ms."""

    publish: Publish
    ledger: Ledger
    files: QualityFiles
    now: Callable[[], int]

    @classmethod
    def connect(cls, stores: Stores, runtime: Runtime, topic: str) -> Self | None:
        """Returns the sender of digests to a topic, by its ARN; None where it is empty."""
        if not topic:
            return None
        publish = partial(_publish, runtime.client("sns"), topic)
        return cls(publish, stores.ledger, stores.quality_files, runtime.now_ms)

    def send(self, day: SiteDay) -> bool:
        """Sends the digest of a day that is archived, once, and returns whether it did.

        Only days that ended in the last two days have one. The day is marked after the message is sent: a
        kill in between sends it twice, as do two processes at once.
        """
        record, now_ms = self.ledger.archive_record(day), self.now()
        is_recent = day.span.end_ms <= now_ms < day.span.end_ms + _LATEST_MS
        if record.status != "done" or record.digest_ms is not None or not is_recent:
            return False
        self.publish(*self._message(day, record))
        self.ledger.update_archive(day, digest_ms=now_ms)
        return True

    def _message(self, day: SiteDay, record: ArchiveRecord) -> tuple[str, str]:
        if not record.quality:
            title = f"Data quality {day.date}: not computed, {day.site}"[:_MAX_SUBJECT]
            return title, f"The data quality of {day} failed: {record.quality_error}. All samples are stored."
        quality, _ = quality_file.decode(self.files.read(day)[1], day)
        return subject(quality), body(quality)


def _publish(sns: Any, topic: str, subject: str, text: str) -> None:
    sns.publish(TopicArn=topic, Subject=subject, Message=text)


def subject(quality: DayQuality) -> str:
    """Returns the subject of a digest, at most 99 characters of ASCII as SNS takes them."""
    counts = quality.counts()
    number = sum(counts[name] for name in PROBLEMS)
    noun = "finding" if number == 1 else "findings"
    return f"Data quality {quality.day.date}: {number:,} {noun}, {quality.day.site}"[:_MAX_SUBJECT]


def body(quality: DayQuality) -> str:
    """Returns the text of a digest: the counts, and the worst findings."""
    counts = quality.counts()
    listed = list(itertools.islice(_lines(quality), _MAX_FINDINGS))
    number = sum(counts[name] for name in PROBLEMS)
    lines = [
        f"Data quality of {quality.day} (UTC), {len(quality.points):,} points",
        ", ".join(f"{name} {count:,}" for name, count in counts.items()),
        "",
        *listed,
        *([f"and {number - len(listed):,} more"] if number > len(listed) else []),
        "",
        f"All of them: vitals quality {quality.day.site} --date {quality.day.date}",
    ]
    return "\n".join(lines)


def _lines(quality: DayQuality) -> Iterator[str]:
    yield from map(_outage_line, quality.outages)
    for name, point in quality.ranked():
        if name in PROBLEMS:
            yield _point_line(name, point)


def _outage_line(outage: Outage) -> str:
    return f"outage: {outage.points:,} points, {iso(outage.first_ms)} to {iso(outage.last_ms)}"


def _point_line(name: FindingName, point: PointQuality) -> str:
    finding = point.findings[name]
    value = "" if finding.value is None else f", {_VALUES[name]} {finding.value:g} {point.unit}".rstrip()
    return f"{name}: {point.point_name}, {iso(finding.first_ms)} to {iso(finding.last_ms)}{value}"
