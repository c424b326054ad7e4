"""Copies of the footers of day files, one item per site-day, so that a read needs no request to find them.

Item of the state table: pk, sk | b the footer (zstd), e the file's ETag, z its bytes, i its version id, which
may be empty, f when the archiving that verified it began to read (UTC ms). A copy may be older than the file,
or missing: a reader reads the file by its ETag, and its own footer if that fails.
"""

import contextlib
from typing import TYPE_CHECKING, Any

import zstandard

from vitals.aws.cost import Cost
from vitals.codec import zstd
from vitals.model.site_day import SiteDay
from vitals.model.timespan import Span, day_name, day_start
from vitals.store import items, keys
from vitals.store.tiers.day_object import Stored

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_LEVEL = 19
# An item of DynamoDB has at most 400 KB; a footer of 200,000 points is smaller.
_MOST_ITEM_BYTES = 380_000
_MOST_FOOTER_BYTES = 64 * 2**20


class FooterTable:
    """Reads and writes the copies of footers in the state table."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def write(self, day: SiteDay, stored: Stored, footer: bytes, began_ms: int) -> None:
        """Replaces the copy of the day's footer, unless it is of an archiving that began later.

        A footer that is too large for an item is not copied.
        """
        # With a checksum, because some wrong bytes of a footer make pyarrow end the process.
        body = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress(footer)
        if len(body) > _MOST_ITEM_BYTES:
            return
        # A repeat replaces its own.
        with contextlib.suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.update_item(
                TableName=self._table,
                Key=keys.footer(day),
                UpdateExpression="SET b = :b, e = :e, z = :z, i = :i, f = :f",
                ConditionExpression="attribute_not_exists(pk) OR f <= :f",
                ExpressionAttributeValues={
                    ":b": {"B": body},
                    ":e": {"S": stored.etag},
                    ":z": {"N": str(stored.size)},
                    ":i": {"S": stored.version_id},
                    ":f": {"N": str(began_ms)},
                },
            )

    def read(self, site: str, days: Span, cost: Cost) -> dict[int, tuple[Stored, bytes]]:
        """Returns the copies of the footers of days that the span touches, by day start.

        The read is eventually consistent, because a copy may be older than its file anyway. A copy that is
        damaged is as none.
        """
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": {
                ":pk": {"S": keys.site_partition(site)},
                ":first": {"S": keys.FOOTER_PREFIX + day_name(days.start_ms)},
                ":last": {"S": keys.FOOTER_PREFIX + day_name(days.end_ms - 1)},
            },
        }
        copies: dict[int, tuple[Stored, bytes]] = {}
        for page in items.pages(self._client.query, request, f"the footers of {site}"):
            cost.add_page(page)
            for item in page:
                with contextlib.suppress(zstandard.ZstdError, LookupError, ValueError):
                    day_ms = day_start(item["sk"]["S"].removeprefix(keys.FOOTER_PREFIX))
                    stored = Stored(item["e"]["S"], item["i"]["S"], int(item["z"]["N"]))
                    copies[day_ms] = stored, _footer(item["b"]["B"])
        return copies


def _footer(body: bytes) -> bytes:
    # zstandard reserves what a frame says before it notices that the frame is damaged.
    if zstandard.frame_content_size(body) > _MOST_FOOTER_BYTES:
        raise ValueError("the copy is not of a footer")
    return zstd.decompress(body, _MOST_FOOTER_BYTES)
