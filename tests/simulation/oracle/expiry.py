"""Nothing expires unverified: what a block holds when it is marked is in the file that the ledger names."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.simulation.oracle import day_rows
from tests.simulation.oracle.day_files import DayFiles
from tests.simulation.oracle.day_rows import DayRows, Keys
from tests.simulation.oracle.fetch import exact
from tests.simulation.oracle.fetches import Fetches
from tests.simulation.oracle.findings import Findings
from tests.simulation.oracle.problems import LOST, WRONG
from tests.simulation.oracle.state import Catalogs
from tests.simulation.process import CLOCKS_DIFFER_MS
from vitals.codec import blocks
from vitals.model.samples import merge
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, WINDOW_MS, Span, iso

_NEVER = {"N": "0"}

type Item = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Marked:
    """A block that was given an expiry; `etag` is the file that the ledger named then."""

    day: SiteDay
    group: int
    window_ms: int
    payload: bytes
    etag: str


@dataclass(slots=True, kw_only=True)
class Expiry:
    """Looks at each write of a block, and compares those that may expire with the files."""

    files: DayFiles
    catalogs: Catalogs
    fetches: Fetches
    findings: Findings
    now_ms: Callable[[], int]
    etag: Callable[[SiteDay], str]
    """Returns the ETag that the ledger has of a day, "" for none."""
    expires_ms: Callable[[SiteDay], int | None]
    """Returns before when no block of a day expires by the ledger, None when it does not say."""
    is_settled: Callable[[SiteDay], bool]
    marked: dict[SiteDay, list[Marked]] = field(default_factory=lambda: defaultdict(list))
    """Every block that was ever given an expiry."""
    _waiting: list[Marked] = field(default_factory=list)
    _blocks: dict[SiteDay, dict[tuple[str, int], tuple[Marked, int]]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def written(self, partition: str, window_ms: int, before: Item | None, after: Item | None) -> None:
        """Looks at a write of an item of a block."""
        if window_ms % WINDOW_MS or "s" in (after or {}):
            raise NotImplementedError("blocks of several items")
        site, _, group = partition.rpartition("#")
        day = SiteDay.containing(site, window_ms)
        fault = _fault(before, after, self.now_ms()) or self._fault_of_times(day, window_ms, before, after)
        if fault:
            kind, text = fault
            self.findings.add(kind, f"block {partition} of {iso(window_ms)}: {text}")
        if after is None:
            self._blocks[day].pop((group, window_ms), None)
            return
        if _is_changed(before, after) and self.is_settled(day):
            self.findings.add(LOST, f"{day}: a block is written, and the day is settled")
        block = Marked(day, int(group), window_ms, after["b"]["B"], self.etag(day))
        self._blocks[day][group, window_ms] = block, int(after.get("expires_at", _NEVER)["N"])
        if "expires_at" in after:
            self._waiting.append(block)

    def _fault_of_times(
        self, day: SiteDay, window_ms: int, before: Item | None, after: Item | None
    ) -> tuple[str, str] | None:
        """Returns what is wrong with the times of a block that is written, None for nothing."""
        if after is None:
            return None
        expires_ms = self.expires_ms(day)
        if "expires_at" in after and expires_ms and int(after["expires_at"]["N"]) < expires_ms // 1000:
            return WRONG, f"it expires before {iso(expires_ms)}, which the ledger promises"
        fetched_ms = int(after["f"]["N"])
        if (before is None or before["f"] != after["f"]) and not self.fetches.began_near(
            day.site, window_ms, fetched_ms
        ):
            return WRONG, f"its newest fetch is of {iso(fetched_ms)}, when none of the window began"
        return None

    def blocks(self, day: SiteDay) -> list[Marked]:
        """Returns the blocks of a day that have not expired."""
        now_s = self.now_ms() / 1000
        return [block for block, expires_s in self._blocks[day].values() if not 0 < expires_s <= now_s]

    def days(self) -> list[SiteDay]:
        """Returns the days that have blocks."""
        return [day for day, blocks in self._blocks.items() if blocks]

    def check(self) -> None:
        """Compares the blocks that were marked since the last check with the files of that time."""
        by_file: dict[tuple[SiteDay, str], list[Marked]] = defaultdict(list)
        for marked in self._waiting:
            by_file[marked.day, marked.etag].append(marked)
            self.marked[marked.day].append(marked)
        self._waiting.clear()
        for (day, etag), group in by_file.items():
            rows = self.files.of_etag(day, etag) if etag else None
            if rows is None:
                self.findings.add(LOST, f"{day}: {len(group)} blocks may expire without a verified file")
            else:
                self.compare(rows, group)

    def compare(self, rows: DayRows, group: Sequence[Marked], *, equal: bool = False) -> None:
        """Compares blocks of one day with a version of its file, which has their samples or newer ones.

        With `equal`, a newer one is a fault, too.
        """
        day = group[0].day
        keys, values = decoded(group)
        indexes, present = rows.find(keys)
        if not present.all():
            text = day_rows.describe(keys[~present], day, self.catalogs.names(day.site))
            self.findings.add(LOST, f"{day}: the file lacks samples of blocks: {text}", int((~present).sum()))
        keys, values, stored = keys[present], values[present], rows.values[indexes[present]]
        different = stored.view(np.int64) != values.view(np.int64)
        for key, value, other in zip(keys[different], values[different], stored[different], strict=True):
            if equal or not self._is_possible(day, int(key), float(other)):
                text = day_rows.describe(np.array([key]), day, self.catalogs.names(day.site))
                self.findings.add(
                    WRONG, f"{day}: the file has {float(other)!r}, a block {float(value)!r}: {text}"
                )

    def _is_possible(self, day: SiteDay, key: int, value: float) -> bool:
        """Returns whether a value can be that of a newer fetch than the block's."""
        point, offset = divmod(key, DAY_MS)
        time_ms, name = day.day_ms + offset, self.catalogs.names(day.site)[point]
        expected = self.fetches.expected(day.site, name, Span(time_ms, time_ms + 1), self.now_ms())
        return exact(value) in expected.possible.get(time_ms, ())


def _fault(before: Item | None, after: Item | None, now_ms: int) -> tuple[str, str] | None:
    """Returns what is wrong with a write of a block, None for nothing."""
    if after is None:
        is_lost = before is not None and not _has_expired(before, now_ms)
        return (LOST, "it is deleted and had not expired") if is_lost else None
    if before is None:
        return (WRONG, "it is new, and has an expiry") if "expires_at" in after else None
    if before["r"] == after["r"]:
        if any(before[name] != after[name] for name in ("b", "n", "f")):
            return WRONG, "it changes, and its revision does not"
        # Two archivings may give the same revision different expiries, by their clocks.
        is_lost = "expires_at" in before and "expires_at" not in after
        return (WRONG, "it had an expiry, and has none") if is_lost else None
    if "expires_at" in after:
        return WRONG, "it is written with an expiry"
    # The writer's clock may be ahead.
    lost = int(before["n"]["N"]) - int(after["n"]["N"])
    if lost > 0 and not _has_expired(before, now_ms + CLOCKS_DIFFER_MS):
        return LOST, f"{lost} samples fewer than before"
    if int(after["f"]["N"]) < int(before["f"]["N"]) and not _has_expired(before, now_ms + CLOCKS_DIFFER_MS):
        return WRONG, "the time of its newest fetch goes back"
    if int(after["r"]["N"]) != int(before["r"]["N"]) + 1:
        return WRONG, f"revision {after['r']['N']} follows {before['r']['N']}"
    if before["f"] == after["f"] and _differ(before, after):
        # The time of the newest fetch stays the same when an older fetch writes.
        return WRONG, "an older fetch replaces values of a newer one"
    return None


def _differ(before: Item, after: Item) -> bool:
    """Returns whether two payloads of a block have different values of the same reading."""
    window_ms = int(after["w"]["N"])
    old, new = (blocks.decode(item["b"]["B"], window_ms) for item in (before, after))
    return not merge([old, new]).equals(merge([new, old]))


def _has_expired(item: Item, now_ms: int) -> bool:
    return "expires_at" in item and int(item["expires_at"]["N"]) * 1000 <= now_ms


def _is_changed(before: Item | None, after: Item) -> bool:
    return before is None or before["b"] != after["b"] or before["r"] != after["r"]


def decoded(marked: Sequence[Marked]) -> tuple[Keys, Any]:
    """Returns the samples of blocks of one day."""
    day_ms = marked[0].day.day_ms
    keys, values = [], []
    for group in sorted({block.group for block in marked}):
        of_group = [block for block in marked if block.group == group]
        samples = blocks.decode_many(
            [block.payload for block in of_group],
            [block.window_ms for block in of_group],
            range(blocks.GROUP_SIZE),
        )
        ids = samples.ids.astype(np.int64) + group * blocks.GROUP_SIZE
        keys.append(ids * DAY_MS + (samples.times - day_ms))
        values.append(samples.values)
    return np.concatenate(keys), np.concatenate(values)
