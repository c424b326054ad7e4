"""The catalog of a site: every point it ever had, with a permanent id.

New names get ids in name order, so that neighbouring names share a group.
Item `catalog#{chunk}`: b zstd of a JSON list of the points 256 × chunk and up, r revision; s, if
points have settings, zstd of a JSON object of these by id. A release that does not know settings keeps s.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson
import zstandard

from vitals.aws.runtime import SYSTEM, Runtime
from vitals.errors import TooLargeError
from vitals.model.point_settings import NO_SETTINGS, POINT_SETTINGS, PointSettings
from vitals.model.points import Catalog, ListedPoint, Point
from vitals.model.records.changes import Change
from vitals.store import conditional, conflicts, items, keys
from vitals.store.state.changes import ChangeTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_CHUNK = 256
_MAX_CHUNKS = 4_000
# A catalog rarely changes, and decoding it takes longer than reading it.
_CHUNKS_IN_MEMORY = 64
# Of the settings of a chunk, compressed: an item of DynamoDB holds 400 KB, and most of it is for the listing.
_MAX_SETTINGS_BYTES = 100_000

_LISTED = {field.name for field in fields(ListedPoint)}
# Fields that are not stored when they have these values, as most have.
_OMITTED = {"absent": 0, "unread_from_ms": None, "longest_interval_s": None}


class CatalogTable:
    """Catalogs in the state table."""

    def __init__(self, client: "DynamoDBClient", table: str, runtime: Runtime = SYSTEM) -> None:
        self._changes = ChangeTable(client, table, runtime)
        self._client = client
        self._table = table
        self._runtime = runtime

    def load(self, site: str) -> Catalog:
        """Returns the site's catalog, empty when it has none yet."""
        return Catalog(tuple(point for _, chunk in self._chunks(site) for point in chunk))

    def refresh(
        self,
        site: str,
        listed: Iterable[ListedPoint],
        *,
        proves_absence: bool = True,
        since: Catalog | None = None,
        unread_from_ms: int | None = None,
    ) -> Catalog:
        """Stores the listed points and returns the new catalog; a point's id never changes.

        Two refreshes at the same time result in one id per name. A point that becomes active and the time
        since which it is unread are one write.
        """
        listed = list(listed)
        return self._change(
            site,
            lambda before: before.refreshed(
                listed, proves_absence=proves_absence, since=since, unread_from_ms=unread_from_ms
            ),
        )

    def add_inactive(self, site: str, names: Collection[str]) -> Catalog:
        """Stores the names that the catalog lacks as inactive points, and returns the new catalog."""
        return self._change(site, lambda before: before.with_inactive(names))

    def set_points(self, site: str, changes: Mapping[str, Mapping[str, object]], who: str) -> Catalog:
        """Changes the settings of points (Catalog.with_settings), and returns the new catalog.

        NotFoundError, InvalidRequestError and TooLargeError come before anything is written. A chunk and the
        records of its changes by `who` are one transaction; a repeat writes only the chunks that differ.
        """
        return self._change(site, lambda before: _checked(before.with_settings(changes)), who)

    def record_requested(self, site: str, read: Catalog, until_ms: int | None) -> None:
        """Records that the unread samples of the catalog `read` were requested (Catalog.requested)."""
        self._change(site, lambda before: before.requested(read, until_ms))

    def _change(self, site: str, change: Callable[[Catalog], Catalog], who: str = "") -> Catalog:
        """Stores the changed catalog and returns it; if another process changes it meanwhile, reads it again.

        Chunks are written in ascending order, each over the revision that was read.
        """

        def attempt() -> Catalog | None:
            stored = self._chunks(site)
            before = Catalog(tuple(point for _, chunk in stored for point in chunk))
            after = change(before)
            revisions = [revision for revision, _ in stored]
            return after if self._store(site, revisions, before, after, who) else None

        return conflicts.repeat(attempt, f"the catalog of {site}", self._runtime)

    def _store(self, site: str, revisions: list[int], before: Catalog, after: Catalog, who: str) -> bool:
        for chunk, start in enumerate(range(0, len(after.points), _CHUNK)):
            stored, points = (catalog.points[start : start + _CHUNK] for catalog in (before, after))
            if points == stored:
                continue
            revision = revisions[chunk] if chunk < len(revisions) else 0
            request, own = self._request(site, chunk, _attributes(stored, points), revision)
            if changes := _setting_changes(stored, points):
                written = self._changes.write(site, who, changes, request)
            else:
                written = conditional.write(self._client.update_item, request, own, self._runtime)
            if not written:
                return False
        return True

    def _chunks(self, site: str) -> list[tuple[int, tuple[Point, ...]]]:
        request = items.selecting(self._table, keys.site_partition(site), keys.CATALOG_PREFIX)
        pages = items.pages(self._client.query, request, f"the catalog of {site}", _MAX_CHUNKS)
        return [
            (int(item["r"]["N"]), _decode(item["b"]["B"], item.get("s", {"B": b""})["B"]))
            for page in pages
            for item in page
        ]

    def _request(
        self, site: str, chunk: int, content: Mapping[str, bytes], revision: int
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Returns the request that writes a chunk over this revision, and what it gives the item."""
        own: dict[str, Any] = {name: {"B": payload} for name, payload in content.items()}
        own["r"] = {"N": str(revision + 1)}
        values: dict[str, Any] = {f":{name}": value for name, value in own.items()}
        if revision:
            values[":read"] = {"N": str(revision)}
        request = {
            "TableName": self._table,
            "Key": keys.catalog_chunk(site, chunk),
            "UpdateExpression": "SET " + ", ".join(f"{name} = :{name}" for name in own),
            "ConditionExpression": "r = :read" if revision else "attribute_not_exists(pk)",
            "ExpressionAttributeValues": values,
        }
        return request, own


def _setting_changes(before: tuple[Point, ...], after: tuple[Point, ...]) -> list[Change]:
    """Returns the changes of settings; points without a point before are new, and have no settings."""
    return [
        Change(name, new.name, getattr(old.settings, name) or None, getattr(new.settings, name) or None)
        for old, new in zip(before, after, strict=False)
        for name in POINT_SETTINGS
        if getattr(old.settings, name) != getattr(new.settings, name)
    ]


def _attributes(before: tuple[Point, ...], points: tuple[Point, ...]) -> dict[str, bytes]:
    """Returns the attributes to write, those that changed: a writer of settings may write no listing."""
    content = {} if list(map(_row, points)) == list(map(_row, before)) else {"b": _encode(points)}
    settings = _encode_settings(points)
    return content if settings == _encode_settings(before) else content | {"s": settings}


def _checked(catalog: Catalog) -> Catalog:
    """Returns the catalog; TooLargeError when the settings of a chunk exceed their share of an item."""
    for start in range(0, len(catalog.points), _CHUNK):
        if len(_encode_settings(catalog.points[start : start + _CHUNK])) > _MAX_SETTINGS_BYTES:
            raise TooLargeError("the states of these points are too large; use fewer or shorter texts")
    return catalog


def _encode(points: Iterable[Point]) -> bytes:
    return zstandard.compress(orjson.dumps([_row(point) for point in points]), 9)


def _row(point: Point) -> dict[str, Any]:
    """Returns the stored form, without the settings."""
    row = asdict(replace(point, settings=NO_SETTINGS))
    del row["settings"]
    return {key: value for key, value in row.items() if key not in _OMITTED or value != _OMITTED[key]}


def _encode_settings(points: Iterable[Point]) -> bytes:
    """Returns the stored form of the settings of these points; empty when none of them has any."""
    rows = {str(point.id): _settings_row(point.settings) for point in points if point.settings}
    return zstandard.compress(orjson.dumps(rows), 9) if rows else b""


def _settings_row(settings: PointSettings) -> dict[str, Any]:
    row = {name: getattr(settings, name) for name in POINT_SETTINGS}
    return {name: value for name, value in row.items() if value}


@lru_cache(_CHUNKS_IN_MEMORY)
def _decode(payload: bytes, settings_payload: bytes = b"") -> tuple[Point, ...]:
    settings = _decode_settings(settings_payload)
    rows = orjson.loads(zstandard.decompress(payload))
    return tuple(
        Point(
            row["id"],
            _listed(row["listed"]),
            row["active"],
            row.get("absent", 0),
            row.get("unread_from_ms"),
            settings.get(row["id"], NO_SETTINGS),
            row.get("longest_interval_s"),
        )
        for row in rows
    )


def _decode_settings(payload: bytes) -> dict[int, PointSettings]:
    """Reads settings of any version: missing ones are not set, and unknown ones are ignored."""
    rows = orjson.loads(zstandard.decompress(payload)) if payload else {}
    return {
        int(id_): PointSettings(**{name: row[name] for name in row.keys() & set(POINT_SETTINGS)})
        for id_, row in rows.items()
    }


def _listed(row: dict[str, Any]) -> ListedPoint:
    """Reads records of any version: missing fields are empty, and unknown fields are ignored."""
    return ListedPoint(**{key: row[key] for key in _LISTED & row.keys()} | {"tags": tuple(row["tags"])})
