"""Merges all sources of one site-day into one file, in bounded memory."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from vitals.codec import day_file, day_file_reader
from vitals.codec.blocks import GROUP_SIZE
from vitals.codec.day_file import Group, WrittenFile
from vitals.codec.rollup import encode_day
from vitals.errors import ConflictError, DayFileMismatchError
from vitals.model.measures.cells import cells_of, holds_of
from vitals.model.points import Catalog, Point
from vitals.model.samples import Samples, concat, merge
from vitals.model.site_day import SiteDay
from vitals.model.timespan import HOUR_MS, WINDOW_MS, WINDOWS_PER_DAY, Span
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.day_object import Stored
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.hot_items import StoredBlock

# A group's day is 92,000 samples at one a minute, 2 MB. Ids follow names except those of later points,
# whose groups are read again and again in the order of names.
_MAX_GROUPS = 32


@dataclass(slots=True)
class BuiltDay:
    """A day's file, its source blocks, its rollups by point id, and the number of windows with samples."""

    written: WrittenFile
    blocks: list[StoredBlock]
    rollups: dict[int, bytes] = field(default_factory=dict)
    windows: int = 0


def build_day(
    day: SiteDay,
    catalog: Catalog,
    *,
    hot: HotTier,
    cold: ColdTier,
    existing: Stored | None,
    sink: Path,
    now_ms: int,
    fresh: Callable[[int], Samples] | None = None,
    inspect: Callable[[Sequence[Point], Samples], None] = lambda points, samples: None,
) -> BuiltDay:
    """Writes to `sink` the merge of the day's file (of exactly this version), its blocks and `fresh`.

    The later of these wins; `fresh` returns the samples of one group just read from the upstream. `inspect`
    gets every point, in the order of names, with its samples, whose ids are indexes of the points.
    ConflictError when the file is overwritten, or a relevant block or the catalog changes.
    """
    blocks = _Blocks(day, hot, now_ms, fresh)
    archived = _Archived(iter(cold.groups(day, existing)) if existing else iter(()))
    points = {point.name: point for point in catalog.points}
    rollups: dict[int, bytes] = {}
    has_samples = np.zeros(WINDOWS_PER_DAY, np.bool_)

    def groups() -> Iterator[Group]:
        names = sorted(points)
        for start in range(0, len(names), GROUP_SIZE):
            chunk = names[start : start + GROUP_SIZE]
            of_chunk = [points[name] for name in chunk]
            samples = merge([archived.take(chunk), blocks.take([point.id for point in of_chunk])])
            has_samples[(samples.times - day.day_ms) // WINDOW_MS] = True
            rollups.update(_rollups(day, of_chunk, samples))
            inspect(of_chunk, samples)
            yield Group(chunk, samples)
        archived.finish(day)
        blocks.finish()

    written = day_file.write(sink, day.site, day.date, groups())
    return BuiltDay(written, blocks.read, rollups, int(has_samples.sum()))


def _rollups(day: SiteDay, points: Sequence[Point], samples: Samples) -> Iterator[tuple[int, bytes]]:
    """Yields the rollups of the points that have samples; the samples' ids are indexes of `points`."""
    edges = np.arange(day.day_ms, day.span.end_ms + 1, HOUR_MS)
    holds = holds_of([point.listed.interval_s or 0 for point in points])
    hours = cells_of(samples, edges, holds[samples.ids])
    indexes, starts = np.unique(hours.rows.ids, return_index=True)
    ends = np.append(starts[1:], len(hours))
    for index, low, high in zip(indexes.tolist(), starts.tolist(), ends.tolist(), strict=False):
        point = points[index]
        yield point.id, encode_day(hours[low:high], point.listed.interval_s)


class _Blocks:
    """The day's blocks and fresh samples, a group at a time; `read` lists the blocks that were read."""

    def __init__(
        self,
        day: SiteDay,
        hot: HotTier,
        now_ms: int,
        fresh: Callable[[int], Samples] | None,
    ) -> None:
        self._day, self._hot, self._now_ms = day, hot, now_ms
        self._fresh = fresh
        self._groups: OrderedDict[int, Samples] = OrderedDict()
        self._read: dict[int, list[StoredBlock]] = {}
        self._remaining = 0

    @property
    def read(self) -> list[StoredBlock]:
        return [block for blocks in self._read.values() for block in blocks]

    def finish(self) -> None:
        """Raises ConflictError when blocks have points that are missing from the catalog."""
        if self._remaining:
            raise ConflictError(
                f"{self._remaining} samples of {self._day} belong to points missing from the loaded catalog"
            )

    def take(self, ids: Sequence[int]) -> Samples:
        """Returns the samples of these points, sorted, with indexes of `ids` as ids."""
        by_group: dict[int, list[int]] = {}
        for index, point in enumerate(ids):
            by_group.setdefault(point // GROUP_SIZE, []).append(index)
        parts = []
        for group, indexes in by_group.items():
            index_of_slot = np.full(GROUP_SIZE, -1, np.int32)
            index_of_slot[[ids[index] % GROUP_SIZE for index in indexes]] = indexes
            samples = self._group(group)
            taken = index_of_slot[samples.ids % GROUP_SIZE]
            wanted = taken >= 0
            parts.append(Samples(taken[wanted], samples.times[wanted], samples.values[wanted]))
        self._remaining -= sum(map(len, parts))
        return merge(parts)

    def _group(self, group: int) -> Samples:
        if group in self._groups:
            self._groups.move_to_end(group)
            return self._groups[group]
        samples, read = self._hot.read_group(self._day.site, group, self._day.span, self._now_ms)
        if self._fresh:
            samples = merge([samples, self._fresh(group)])
        if self._read.setdefault(group, read) != read:
            # Points that are already written could be of another version than the points after them.
            raise ConflictError(f"group {group} of {self._day.site} changed while it was read")
        if read is self._read[group]:
            self._remaining += len(samples)
        self._groups[group] = samples
        if len(self._groups) > _MAX_GROUPS:
            self._groups.popitem(last=False)
        return samples


class _Archived:
    """The existing file of a day, a row group at a time, in step with names that ascend."""

    def __init__(self, groups: Iterator[Group]) -> None:
        self._groups = groups
        self._pending: list[Group] = []
        self._remaining = 0

    def take(self, names: Sequence[str]) -> Samples:
        """Returns the samples of these points, sorted, with indexes of `names` as ids; names ascend."""
        indexes: Mapping[str, int] = {name: index for index, name in enumerate(names)}
        while not self._pending or self._pending[-1].names[-1] <= names[-1]:
            group = next(self._groups, None)
            if group is None:
                break
            self._pending.append(group)
            self._remaining += len(group.samples)
        everywhere = Span(-(2**62), 2**62)
        parts = [day_file_reader.select(group, indexes, everywhere) for group in self._pending]
        self._remaining -= sum(map(len, parts))
        self._pending = [group for group in self._pending if group.names[-1] > names[-1]]
        return merge([concat(parts)])

    def finish(self, day: SiteDay) -> None:
        """Raises DayFileMismatchError when the file has points that are missing from the catalog."""
        self._remaining += sum(len(group.samples) for group in self._groups)
        if self._remaining:
            raise DayFileMismatchError(
                f"the file of {day} has points that are missing from the site's catalog; "
                f"add them: vitals restore catalog --site {day.site}"
            )
