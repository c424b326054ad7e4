"""Rollups of samples, as this release and the one before it encode them."""

import boto3
import numpy as np
import zstandard

from tests.support.equal_buckets import aggregate
from vitals.codec.rollup import encode_day
from vitals.model.measures.cells import Cells, cells_of, holds_of
from vitals.model.samples import Samples
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS
from vitals.pipeline.archiver import Archiver
from vitals.store import keys


def hours_of(samples: Samples, interval_s: int | None = None) -> Cells:
    """Returns the hours of samples of one UTC day or several, which are sorted by point, then time."""
    if not len(samples):
        return cells_of(samples, np.array([0, HOUR_MS]), np.empty(0, np.int64))
    first_ms, last_ms = int(samples.times.min()), int(samples.times.max())
    edges = np.arange(first_ms - first_ms % HOUR_MS, last_ms + HOUR_MS + 1, HOUR_MS)
    return cells_of(samples, edges, np.full(len(samples), holds_of(interval_s or 0)))


def rollup(samples: Samples, interval_s: int | None = None) -> bytes:
    """Returns the rollups of one point's day."""
    return encode_day(hours_of(samples, interval_s), interval_s)


def old_rollup(samples: Samples) -> bytes:
    """Returns the rollups of one point's day in version 1."""
    hours, day = aggregate(samples, HOUR_MS), aggregate(samples, DAY_MS)
    rows = np.append((hours.times % DAY_MS // HOUR_MS).astype(np.uint8), np.uint8(24))
    columns = [rows, np.append(hours.counts, day.counts).astype("<u4")]
    for name in ("values", "mins", "maxs", "firsts", "lasts"):
        columns.append(np.append(getattr(hours, name), getattr(day, name)).astype("<f8"))
    body = b"".join(column.view(np.uint8).reshape(-1, column.itemsize).T.tobytes() for column in columns)
    return b"\x01" + len(rows).to_bytes(2, "little") + zstandard.compress(body, 9)


def plant_old_rollups(archiver: Archiver, day: SiteDay) -> None:
    """Gives an archived day the rollups and the record that the release before this one left."""
    catalog, payloads = archiver.catalogs.load(day.site), {}
    for group in archiver.cold.groups(day):
        for index, name in enumerate(group.names):
            payloads[catalog.by_name[name].id] = old_rollup(group.samples[group.samples.ids == index])
    archiver.rollups.write(day, payloads, archiver.ledger.archive_record(day).began_ms or 0)
    boto3.client("dynamodb").update_item(
        TableName="StateTable", Key=keys.archive_day(day), UpdateExpression="REMOVE rollups"
    )
