"""Day files in S3 (moto): what a read costs, and what it does when the object is not what it was."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest
from botocore.exceptions import ClientError, ResponseStreamingError

from tests.support.day_files import DAY, SITE, START, Series, bits, bits_of, build, groups
from vitals.aws.cost import Cost
from vitals.codec import day_file, day_file_reader
from vitals.codec.day_file import Group
from vitals.errors import (
    ConflictError,
    DayFileFormatError,
    DayFileMismatchError,
    DayFileMissingError,
    DayFileTooLargeError,
    DayFileTruncatedError,
)
from vitals.model.samples import Samples
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, Span
from vitals.store import keys
from vitals.store.tiers import cold
from vitals.store.tiers.cold import ColdTier

BUCKET = "archive"
WHOLE_DAY = Span(START, START + DAY_MS)
SITE_DAY = SiteDay(SITE, START)
KEY = keys.day_file(SITE_DAY)


def series(points: int, rows: int, seed: int = 1) -> Series:
    random = np.random.default_rng(seed)
    times = range(START, START + rows * 60_000, 60_000)
    return {
        f"p{i:03d}": dict(zip(times, random.normal(size=rows).tolist(), strict=True)) for i in range(points)
    }


# 300 points in row groups of ten: some 0.25 MB, of which the tail is an eighth.
LARGE = series(300, 120)
LARGE_FILE, LARGE_WRITTEN = build(LARGE, size=10)


@pytest.fixture
def s3(aws: None) -> Any:
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def tier(s3: Any) -> ColdTier:
    return ColdTier(s3, BUCKET)


def put(s3: Any, body: bytes) -> None:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=body)


def before_get(s3: Any, number: int, do: Callable[[], None]) -> None:
    """Does something just before the n-th GET from now on."""
    seen: list[None] = []

    def hook(**_: Any) -> None:
        seen.append(None)
        if len(seen) == number:
            do()

    s3.meta.events.register("before-call.s3.GetObject", hook)


def expected(source: Series, names: list[str], span: Span = WHOLE_DAY) -> dict[tuple[str, int], bytes]:
    within = {
        n: {t: v for t, v in source[n].items() if span.start_ms <= t < span.end_ms}
        for n in names
        if n in source
    }
    return bits(within)


def by_point(samples: Samples, names: list[str]) -> dict[tuple[str, int], bytes]:
    return bits_of([Group(names, samples)])


def test_the_key_is_as_published() -> None:
    assert keys.day_file(SITE_DAY) == "timeseries/ses_falls_city/2026/01/01/samples.parquet"


@pytest.mark.parametrize("as_path", [False, True])
def test_what_is_put_comes_back_group_by_group(
    tier: ColdTier, s3: Any, tmp_path: Path, as_path: bool
) -> None:
    path = tmp_path / "samples.parquet"
    written = day_file.write(path, SITE, DAY, groups(LARGE, 10))
    stored = tier.put(SITE_DAY, path if as_path else path.read_bytes(), written.contents)
    assert day_file.checksums(tier.groups(SITE_DAY, stored)) == written.checks
    assert tier.describe(SITE_DAY) == (stored, written.contents)
    head = s3.head_object(Bucket=BUCKET, Key=KEY)
    assert (head["ContentLength"], head["ETag"]) == (stored.size, stored.etag)
    assert head["ContentType"] == "application/vnd.apache.parquet"
    assert head["Metadata"]["checksum"] == written.contents.checksum


def test_an_empty_day_has_a_file(tier: ColdTier) -> None:
    data, written = build({})
    tier.put(SITE_DAY, data, written.contents)
    assert tier.describe(SITE_DAY)[1].rows == 0
    assert list(tier.groups(SITE_DAY)) == []
    assert len(tier.read(SITE_DAY, ["p001"], WHOLE_DAY)) == 0


def test_versions_are_distinct(tier: ColdTier, s3: Any) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    first = tier.put(SITE_DAY, *_file(1))
    stored = [first, tier.put(SITE_DAY, *_file(2), first)]
    with pytest.raises(ConflictError):
        tier.put(SITE_DAY, *_file(3), first)
    assert stored[0].version_id != stored[1].version_id != ""
    assert tier.describe(SITE_DAY)[0] == stored[1]


def _file(seed: int) -> tuple[bytes, day_file.Contents]:
    data, written = build(series(3, 3, seed))
    return data, written.contents


@pytest.mark.parametrize(
    ("names", "span"),
    [
        (["p042"], WHOLE_DAY),
        (["p299", "p000"], Span(START + HOUR_MS, START + HOUR_MS + 60_001)),
        ([f"p{i:03d}" for i in range(0, 300, 7)], Span(START - DAY_MS, START + HOUR_MS)),
        (["p0421", "unknown", "p042"], WHOLE_DAY),
        (["a", "zzz"], WHOLE_DAY),
        ([], WHOLE_DAY),
        (["p042"], Span(START + DAY_MS, START + 2 * DAY_MS)),
    ],
)
def test_points_and_spans_are_read_exactly(tier: ColdTier, names: list[str], span: Span) -> None:
    tier.put(SITE_DAY, LARGE_FILE, LARGE_WRITTEN.contents)
    for _ in range(2):
        samples = tier.read(SITE_DAY, names, span)
        assert by_point(samples, names) == expected(LARGE, names, span)
        order = np.lexsort((samples.times, samples.ids))
        assert (order == np.arange(len(samples))).all()


def test_a_point_day_is_two_requests_then_one(tier: ColdTier) -> None:
    tier.put(SITE_DAY, LARGE_FILE, LARGE_WRITTEN.contents)
    row_group = len(LARGE_FILE) / 30
    first, second = Cost(), Cost()
    tier.read(SITE_DAY, ["p042"], WHOLE_DAY, first)
    assert (first.requests, first.bytes - day_file_reader.TAIL_BYTES < 1.1 * row_group) == (2, True)
    tier.read(SITE_DAY, ["p042"], WHOLE_DAY, second)
    assert (second.requests, second.bytes < 1.1 * row_group) == (1, True)


@pytest.mark.parametrize(
    ("names", "gap", "requests"),
    [
        (["p009", "p010"], 0, 1),
        (["p000", "p100", "p200"], 0, 3),
        (["p000", "p020", "p200"], len(LARGE_FILE) // 10, 2),
        (["p000", "p100", "p200"], len(LARGE_FILE), 1),
        ([f"p{i:03d}" for i in range(300)], 0, 1),
    ],
)
def test_row_groups_near_each_other_share_a_request(
    tier: ColdTier, monkeypatch: pytest.MonkeyPatch, names: list[str], gap: int, requests: int
) -> None:
    monkeypatch.setattr(cold, "_MAX_GAP_BYTES", gap)
    tier.put(SITE_DAY, LARGE_FILE, LARGE_WRITTEN.contents)
    tier.describe(SITE_DAY)
    receipt = Cost()
    samples = tier.read(SITE_DAY, names, WHOLE_DAY, receipt)
    assert receipt.requests == requests
    assert by_point(samples, names) == expected(LARGE, names)


def test_names_are_read_without_samples(tier: ColdTier, s3: Any) -> None:
    put(s3, LARGE_FILE)
    cost = Cost()
    assert tier.names(SITE_DAY, cost) == set(LARGE)
    # The tail, and the names of 30 row groups.
    assert cost.requests == 31
    assert cost.bytes < day_file_reader.TAIL_BYTES + len(LARGE_FILE) / 20


def test_names_of_a_small_file_are_one_request(tier: ColdTier, s3: Any) -> None:
    put(s3, build(series(3, 5))[0])
    cost = Cost()
    assert tier.names(SITE_DAY, cost) == {"p000", "p001", "p002"}
    assert cost.requests == 1


def test_names_are_of_one_version(tier: ColdTier, s3: Any) -> None:
    put(s3, LARGE_FILE)
    newer = series(200, 120)
    before_get(s3, 5, lambda: put(s3, build(newer, size=10)[0]))
    assert tier.names(SITE_DAY) == set(newer)


def test_a_small_file_is_one_fresh_request(tier: ColdTier) -> None:
    stored = None
    for seed in (1, 2):
        small = series(3, 3, seed)
        data, written = build(small)
        stored = tier.put(SITE_DAY, data, written.contents, stored)
        receipt = Cost()
        assert by_point(tier.read(SITE_DAY, ["p001"], WHOLE_DAY, receipt), ["p001"]) == expected(
            small, ["p001"]
        )
        assert (receipt.requests, receipt.bytes) == (1, len(data))


def test_footers_known_are_bounded(tier: ColdTier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cold, "_MAX_FOOTERS", 2)
    for site in ("a", "b", "c"):
        data, written = build(LARGE, size=10, site=site)
        tier.put(SiteDay(site, START), data, written.contents)
        tier.describe(SiteDay(site, START))
    receipt = Cost()
    for site in ("a", "b", "c"):
        tier.read(SiteDay(site, START), ["p000"], WHOLE_DAY, receipt)
    assert receipt.requests == 6


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("cached", [False, True])
def test_a_file_overwritten_meanwhile_is_read_again(
    tier: ColdTier, s3: Any, monkeypatch: pytest.MonkeyPatch, number: int, cached: bool
) -> None:
    monkeypatch.setattr(cold, "_MAX_GAP_BYTES", 0)
    tier.put(SITE_DAY, LARGE_FILE, LARGE_WRITTEN.contents)
    if cached:
        tier.read(SITE_DAY, ["p042"], WHOLE_DAY)
    after = series(300, 120, seed=2)
    before_get(s3, number, lambda: put(s3, build(after, size=7)[0]))
    names = ["p042", "p142"]
    samples = tier.read(SITE_DAY, names, WHOLE_DAY)
    assert by_point(samples, names) == expected(after, names)


def test_a_point_of_a_new_version_is_read(tier: ColdTier) -> None:
    first = tier.put(SITE_DAY, LARGE_FILE, LARGE_WRITTEN.contents)
    assert len(tier.read(SITE_DAY, ["q"], WHOLE_DAY)) == 0
    larger = {**LARGE, "q": {START: 1.0}}
    data, written = build(larger, size=10)
    tier.put(SITE_DAY, data, written.contents, first)
    assert by_point(tier.read(SITE_DAY, ["q"], WHOLE_DAY), ["q"]) == expected(larger, ["q"])


def test_a_file_that_never_rests_is_a_conflict(tier: ColdTier, s3: Any) -> None:
    tier.put(SITE_DAY, LARGE_FILE, LARGE_WRITTEN.contents)
    versions = iter(range(2, 100))
    s3.meta.events.register(
        "before-call.s3.GetObject",
        lambda **_: put(s3, build(series(300, 120, next(versions)), size=10)[0]),
    )
    with pytest.raises(ConflictError, match="overwritten during each of 4 reads"):
        tier.read(SITE_DAY, ["p042"], WHOLE_DAY)


@pytest.mark.parametrize("number", [1, 2])
def test_a_version_that_was_put_is_verified(tier: ColdTier, s3: Any, number: int) -> None:
    stored = tier.put(SITE_DAY, LARGE_FILE, LARGE_WRITTEN.contents)
    before_get(s3, number, lambda: put(s3, build(series(300, 120, 2), size=10)[0]))
    with pytest.raises(ConflictError, match="overwritten while"):
        list(tier.groups(SITE_DAY, stored))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", DayFileTruncatedError),
        (LARGE_FILE[:3], DayFileTruncatedError),
        (LARGE_FILE[: len(LARGE_FILE) // 2], DayFileTruncatedError),
        (LARGE_FILE[:-1], DayFileTruncatedError),
        (b"<Error>no</Error>" * 10_000, DayFileFormatError),
        (LARGE_FILE[:1_000] + bytes(100) + LARGE_FILE[1_100:], DayFileFormatError),
        (build(LARGE, size=10, site="other")[0], DayFileMismatchError),
    ],
)
def test_what_is_not_the_day_file_is_named(
    tier: ColdTier, s3: Any, body: bytes, error: type[Exception]
) -> None:
    put(s3, body)
    with pytest.raises(error):
        tier.read(SITE_DAY, ["p000"], WHOLE_DAY)
    with pytest.raises(error):
        list(tier.groups(SITE_DAY))


def test_a_day_without_a_file_is_named(tier: ColdTier, s3: Any) -> None:
    for read in (
        lambda: tier.read(SITE_DAY, ["p000"], WHOLE_DAY),
        lambda: list(tier.groups(SITE_DAY)),
        lambda: tier.describe(SITE_DAY),
    ):
        with pytest.raises(DayFileMissingError, match=f"{SITE}, {DAY}"):
            read()


def test_a_deleted_file_with_cached_footer_is_named(tier: ColdTier, s3: Any) -> None:
    tier.put(SITE_DAY, LARGE_FILE, LARGE_WRITTEN.contents)
    tier.read(SITE_DAY, ["p000"], WHOLE_DAY)
    s3.delete_object(Bucket=BUCKET, Key=KEY)
    with pytest.raises(DayFileMissingError):
        tier.read(SITE_DAY, ["p000"], WHOLE_DAY)


def test_a_file_over_the_limit_is_not_read(s3: Any) -> None:
    tier = ColdTier(s3, BUCKET, max_bytes=len(LARGE_FILE) - 1)
    tier.put(SITE_DAY, LARGE_FILE, LARGE_WRITTEN.contents)
    receipt = Cost()
    with pytest.raises(DayFileTooLargeError, match=f"{len(LARGE_FILE)} bytes"):
        tier.read(SITE_DAY, ["p000"], WHOLE_DAY, receipt)
    assert receipt.requests == 1


def test_another_refusal_of_s3_stays_what_it_is(s3: Any) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        ColdTier(s3, "elsewhere").read(SITE_DAY, ["p000"], WHOLE_DAY)


class _Breaking(io.BytesIO):
    """A body whose connection breaks."""

    def read(self, *_: Any) -> bytes:
        raise ResponseStreamingError(error="reset")


def test_a_body_that_breaks_off_is_requested_again(tier: ColdTier, s3: Any) -> None:
    tier.put(SITE_DAY, LARGE_FILE, LARGE_WRITTEN.contents)
    breaks = iter([True, False, True, True, False])

    def hook(parsed: Any, **_: Any) -> None:
        if next(breaks, False):
            parsed["Body"] = _Breaking()

    s3.meta.events.register("after-call.s3.GetObject", hook)
    receipt = Cost()
    assert by_point(tier.read(SITE_DAY, ["p042"], WHOLE_DAY, receipt), ["p042"]) == expected(LARGE, ["p042"])
    assert receipt.requests == 5
    breaks = iter([True] * 3)
    with pytest.raises(ResponseStreamingError):
        tier.read(SITE_DAY, ["p142"], WHOLE_DAY)
