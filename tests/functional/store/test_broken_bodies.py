"""Readers of objects in S3 read a body that breaks off again; only the cache leaves that to the tiers."""

from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import IncompleteReadError
from botocore.response import StreamingBody

from vitals.aws.cost import Cost
from vitals.errors import CacheError
from vitals.model.samples import from_columns
from vitals.model.site_day import SiteDay
from vitals.model.timespan import HOUR_MS
from vitals.reading.bulk.unload import ArchiveUnload
from vitals.store.tiers.query_cache import ResultCache
from vitals.store.tiers.staging import StagedSpan, StagingArea

START = 1_767_225_600_000
DAY = SiteDay("mill", START)
HOUR = StagedSpan(START, START + HOUR_MS, START, parts=1, windows=[2], requests=1)
SAMPLES = from_columns([0, 1], [START, START], [1.0, 2.0])
TWICE, EVERY_TIME = 2, 100


@pytest.fixture
def client(aws: None) -> Any:
    made = boto3.client("s3")
    made.create_bucket(Bucket="cold")
    return made


def break_bodies(client: Any, times: int) -> None:
    """Cuts the next bodies short, as a connection that is closed too early does."""
    remaining = iter(range(times))

    def cut(parsed: Any, **_: Any) -> None:
        if next(remaining, None) is not None:
            content = parsed["Body"].read()
            parsed["Body"] = StreamingBody(Truncated(content[:-1]), len(content))

    client.meta.events.register("after-call.s3.GetObject", cut)


class Truncated:
    """A connection that ends after these bytes."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, size: int | None = None) -> bytes:
        content, self._content = self._content, b""
        return content


def test_staged_spans_are_read_again(client: Any, tmp_path: Path) -> None:
    staging = StagingArea(client, "cold")
    (tmp_path / "writer").mkdir()
    staging.put_part("run", DAY, HOUR.span, 0, SAMPLES, tmp_path / "writer")
    staging.finish("run", DAY, HOUR, SAMPLES, tmp_path / "writer")
    for name in ("spans", "parts"):
        (tmp_path / name).mkdir()
    break_bodies(client, TWICE)
    assert staging.spans("run", DAY, tmp_path / "spans") == [HOUR]
    break_bodies(client, TWICE)
    files = staging.fetch("run", DAY, [HOUR], tmp_path / "parts")
    assert [file.read_bytes() for file in files[0]] == [
        (tmp_path / "writer" / file.name).read_bytes() for file in files[0]
    ]
    break_bodies(client, EVERY_TIME)
    with pytest.raises(IncompleteReadError):
        staging.spans("run", DAY, tmp_path / "spans")


def test_cached_results_are_read_once(client: Any) -> None:
    cache = ResultCache(client, "cold")
    cache.put("mill", "digest", b"result")
    break_bodies(client, 1)
    with pytest.raises(CacheError, match="the cache could not be read"):
        cache.get("mill", "digest", Cost())
    assert cache.get("mill", "digest", Cost()) == b"result"


def test_unloaded_rows_are_read_again(client: Any, tmp_path: Path) -> None:
    client.put_object(Bucket="cold", Key="athena/part", Body=b"rows")
    client.put_object(Bucket="cold", Key="athena/manifest", Body=b"s3://cold/athena/part\n")
    unload = ArchiveUnload(None, client, "cold", "samples")  # type: ignore[arg-type]
    break_bodies(client, TWICE)
    [address] = unload._lines("s3://cold/athena/manifest")
    break_bodies(client, TWICE)
    with unload.fetched(address, tmp_path) as file:
        assert file.read_bytes() == b"rows"
