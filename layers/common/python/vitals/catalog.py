"""The catalog of a site: every point it ever had, with the id it keeps for good.

Ids are given out in name order to names not seen before, so that neighbouring names share a group.
Item `catalog#{chunk}`: b zstd of a JSON list of the points 256 × chunk and up, r revision.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson
import zstandard

from vitals import items, keys, pointset
from vitals.errors import ConflictError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_CHUNK = 256
_MAX_CHUNKS = 4_000
_LONGEST_INTERVAL_S = 31 * 86_400
# A chunk must fit an item of DynamoDB, 400 KB, whatever one point of it is said to be.
_MAX_TEXT, _MAX_TAG, _MAX_TAGS = 1_000, 256, 100
_ATTEMPTS = 8
_WEATHER = ("weather",)


@dataclass(frozen=True, slots=True)
class Listed:
    """A point as the upstream lists it."""

    name: str
    unit: str = ""
    description: str = ""
    interval_s: int | None = None
    tags: tuple[str, ...] = ()
    object_name: str = ""
    device: str = ""


_LISTED = {field.name for field in fields(Listed)}


@dataclass(frozen=True, slots=True)
class Point:
    """A listed point with its id; `active` is false once the upstream lists it no more.

    `absent` counts the listings in a row that lack an active point: one is not believed.
    """

    id: int
    listed: Listed
    active: bool = True
    absent: int = 0

    @property
    def name(self) -> str:
        return self.listed.name

    @property
    def is_weather(self) -> bool:
        """Whether the sync made it for the site's weather, which has no history to read."""
        return self.listed.tags == _WEATHER and self.name.startswith("weather.")

    def unlisted(self, *, proven: bool) -> "Point":
        """The point after a listing without it; `proven` when that is evidence."""
        if not self.active or not proven:
            return self
        if self.absent:
            return replace(self, active=False, absent=0)
        return replace(self, absent=1)


@dataclass(frozen=True)
class Catalog:
    """The points of one site in id order."""

    points: tuple[Point, ...] = ()

    @cached_property
    def by_name(self) -> Mapping[str, Point]:
        return {point.name: point for point in self.points}

    @cached_property
    def active_ids(self) -> Mapping[str, int]:
        return {point.name: point.id for point in self.points if point.active}

    @cached_property
    def configured(self) -> pointset.PointSet:
        """The ids of the active points whose readings the upstream is asked for."""
        return pointset.of(point.id for point in self.points if point.active and not point.is_weather)

    def refreshed(
        self, listed: Iterable[Listed], *, proves_absence: bool = True, since: "Catalog | None" = None
    ) -> "Catalog":
        """This catalog after the upstream listed these points: ids stay, new names get the next ones.

        A point becomes inactive when two listings in a row that prove its absence lack it. `since` is the
        catalog from before the listing: what another listing found absent meanwhile is not absent twice.
        """
        before = (since or self).points
        now = {point.name: point for point in listed}
        kept = [
            Point(point.id, now[point.name])
            if point.name in now
            else point.unlisted(
                proven=proves_absence and point.id < len(before) and before[point.id].absent == point.absent
            )
            for point in self.points
        ]
        new = sorted(now.keys() - self.by_name.keys())
        added = [Point(len(kept) + i, now[name]) for i, name in enumerate(new)]
        return Catalog((*kept, *added))

    @cached_property
    def active(self) -> Sequence[Point]:
        """The points that the upstream still lists, in name order."""
        return sorted((point for point in self.points if point.active), key=lambda point: point.name)


def listed_from_ace(item: Mapping[str, Any]) -> Listed:
    """A point of ACE's `configured_points`; what is missing is left empty, and what is too long is cut."""
    bacnet, kv = _mapping(item.get("bacnet_data")), _mapping(item.get("kv_tags"))
    markers = item.get("marker_tags")
    tags = [f"{key}={value}"[:_MAX_TAG] for key, value in kv.items()]
    tags += [str(tag)[:_MAX_TAG] for tag in markers] if isinstance(markers, list) else []
    interval = item.get("collect_interval")
    usable = isinstance(interval, (int, float)) and 1 <= interval <= _LONGEST_INTERVAL_S
    return Listed(
        name=item["name"],
        unit=_text(bacnet.get("object_units") or kv.get("unit")),
        description=_text(bacnet.get("object_description") or bacnet.get("object_name")),
        interval_s=int(interval) if interval is not None and usable else None,
        tags=tuple(sorted(tags)[:_MAX_TAGS]),
        object_name=_text(bacnet.get("object_name")),
        device=_text(bacnet.get("device_name")),
    )


def _text(value: Any) -> str:
    return str(value or "")[:_MAX_TEXT]


def _mapping(found: Any) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}


class CatalogTable:
    """Catalogs in the state table."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def load(self, site: str) -> Catalog:
        """The site's catalog, empty when it has none yet."""
        return Catalog(tuple(point for _, chunk in self._chunks(site) for point in chunk))

    def refresh(
        self,
        site: str,
        listed: Iterable[Listed],
        *,
        proves_absence: bool = True,
        since: Catalog | None = None,
    ) -> Catalog:
        """Stores what the upstream lists and returns the new catalog; a point's id never changes.

        Chunks are written in ascending order and each over the revision that was read, so two refreshes at
        once end with one id per name: the loser reads again.
        """
        listed = list(listed)
        for _ in range(_ATTEMPTS):
            stored = self._chunks(site)
            before = Catalog(tuple(point for _, chunk in stored for point in chunk))
            after = before.refreshed(listed, proves_absence=proves_absence, since=since)
            if self._store(site, [revision for revision, _ in stored], before, after):
                return after
        raise ConflictError(f"the catalog of {site} changed under {_ATTEMPTS} refreshes")

    def _store(self, site: str, revisions: list[int], before: Catalog, after: Catalog) -> bool:
        for chunk, start in enumerate(range(0, len(after.points), _CHUNK)):
            points = after.points[start : start + _CHUNK]
            if points == before.points[start : start + _CHUNK]:
                continue
            revision = revisions[chunk] if chunk < len(revisions) else 0
            if not self._put(site, chunk, points, revision):
                return False
        return True

    def _chunks(self, site: str) -> list[tuple[int, list[Point]]]:
        request = items.selecting(self._table, keys.site_partition(site), keys.CATALOG_PREFIX)
        found = items.pages(self._client.query, request, f"the catalog of {site}", _MAX_CHUNKS)
        return [(int(item["r"]["N"]), _decode(item["b"]["B"])) for page in found for item in page]

    def _put(self, site: str, chunk: int, points: tuple[Point, ...], revision: int) -> bool:
        values: dict[str, Any] = {":b": {"B": _encode(points)}, ":r": {"N": str(revision + 1)}}
        if revision:
            values[":read"] = {"N": str(revision)}
        try:
            self._client.update_item(
                TableName=self._table,
                Key=keys.catalog_chunk(site, chunk),
                UpdateExpression="SET b = :b, r = :r",
                ConditionExpression="r = :read" if revision else "attribute_not_exists(pk)",
                ExpressionAttributeValues=values,
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _encode(points: Iterable[Point]) -> bytes:
    return zstandard.compress(orjson.dumps([_row(point) for point in points]), 9)


def _row(point: Point) -> dict[str, Any]:
    """The stored form; what no listing lacks is written as ever."""
    row = asdict(point)
    return row if point.absent else {key: value for key, value in row.items() if key != "absent"}


def _decode(payload: bytes) -> list[Point]:
    rows = orjson.loads(zstandard.decompress(payload))
    return [Point(row["id"], _listed(row["listed"]), row["active"], row.get("absent", 0)) for row in rows]


def _listed(row: dict[str, Any]) -> Listed:
    """What older versions left out is empty, and what newer ones added is passed over."""
    return Listed(**{key: row[key] for key in _LISTED & row.keys()} | {"tags": tuple(row["tags"])})
