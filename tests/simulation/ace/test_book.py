"""A book is the same for the same seed; its readings are on time, late, corrected or no samples."""

import json
from collections import Counter
from random import Random

import pytest

from tests.simulation.ace import values
from tests.simulation.ace.book import Book, BookSettings, SiteBook
from tests.simulation.ace.days import Rates, time_text
from tests.simulation.ace.values import number_of
from vitals.model.timespan import DAY_MS, HOUR_MS, Span, day_start
from vitals.pipeline.acceptance import RejectedReadingError, parse_time, parse_value

SITE = "plant_one"
START = day_start("2026-03-10")
RUN = Span(START, START + 10 * DAY_MS)
DAY = Span(START, START + DAY_MS)


@pytest.fixture(scope="module")
def site() -> SiteBook:
    return Book(Random(1), RUN).sites[SITE]


def test_same_seed_gives_the_same_book(site: SiteBook) -> None:
    again = Book(Random(1), RUN).sites[SITE]
    next_day = Span(DAY.end_ms, DAY.end_ms + DAY_MS)
    # The order in which days are made does not matter.
    list(again.readings(next_day))
    assert list(again.readings(DAY)) == list(site.readings(DAY))
    assert [point.name for point in again.points] == [point.name for point in site.points]
    assert list(Book(Random(2), RUN).sites[SITE].readings(DAY)) != list(site.readings(DAY))


def test_sites_differ() -> None:
    first, second = Book(Random(1), RUN, BookSettings(sites=("a", "b"), points=5)).sites.values()
    assert {point.name for point in first.points}.isdisjoint(point.name for point in second.points)


def test_days_are_of_one_size(site: SiteBook) -> None:
    for day in range(3):
        span = Span(START + day * DAY_MS, START + (day + 1) * DAY_MS)
        assert 9_000 < len(list(site.readings(span))) < 20_000


def test_keys_have_versions_in_order(site: SiteBook) -> None:
    keys = 0
    for point in site.points:
        times = site.keys(point.name, DAY)
        assert times == sorted(set(times))
        for time_ms in times:
            versions = site.versions(point.name, time_ms)
            visible = [version.visible_ms for version in versions]
            assert visible == sorted(set(visible))
            assert visible[0] > time_ms
            keys += 1
    assert keys == len(list(site.readings(DAY)))


def test_entries_say_what_versions_say(site: SiteBook) -> None:
    for versions in site.readings(DAY):
        for version in versions:
            entry = json.loads(version.entry)
            assert list(entry) == ["name", "value", "time"]
            assert entry["name"] == version.name
            assert parse_time(entry["time"]) == version.time_ms
            assert repr(number_of(entry["value"])) == repr(version.value)


def test_readings_are_late_and_corrected(site: SiteBook) -> None:
    counts: Counter[str] = Counter()
    quiet = BookSettings(gateway_outages_per_day=0)
    for versions in Book(Random(3), RUN, quiet).sites[SITE].readings(DAY):
        delay_ms = versions[0].visible_ms - versions[0].time_ms
        counts["minutes"] += delay_ms >= 60_000
        counts["hours"] += delay_ms >= 2 * HOUR_MS
        counts["beyond"] += versions[0].is_beyond_rereads
        counts["corrected"] += len(versions) == 2
        counts["back"] += len(versions) == 3 and versions[0].value == versions[2].value
        counts["garbage"] += versions[-1].value is None
        counts["mended"] += versions[0].value is None and versions[-1].value is not None
        assert delay_ms < 3 * DAY_MS + HOUR_MS
    assert min(counts.values()) > 0
    assert counts["beyond"] < counts["hours"] < counts["minutes"] < 600


def test_value_follows_the_versions(site: SiteBook) -> None:
    corrected = next(versions for versions in site.readings(DAY) if len(versions) == 3)
    name, time_ms = corrected[0].name, corrected[0].time_ms
    assert site.value_at(name, time_ms, corrected[0].visible_ms - 1) is None
    for version in corrected:
        assert site.value_at(name, time_ms, version.visible_ms) == version.value
    assert site.value_at(name, time_ms, RUN.end_ms) == corrected[-1].value
    assert site.versions(name, time_ms + 1) == ()
    assert site.value_at("nothing", time_ms, RUN.end_ms) is None


def test_outages_delay_readings() -> None:
    settings = BookSettings(gateway_outages_per_day=2.0, rates=Rates(0, 0, 0, 0))
    site = Book(Random(4), RUN, settings).sites[SITE]
    delayed = 0
    for versions in site.readings(DAY):
        version = versions[0]
        outages = site.outages[site.by_name[version.name].gateway]
        ends = [outage.end_ms for outage in outages if outage.start_ms <= version.time_ms < outage.end_ms]
        assert version.visible_ms >= max(ends, default=0)
        delayed += bool(ends)
    assert delayed > 500


def test_points_come_and_go(site: SiteBook) -> None:
    always, never = [], []
    for point in site.points:
        assert all(span for span in point.sends)
        if not point.configured:
            never.append(point.name)
        elif point.configured[0].start_ms < START and point.configured[-1].end_ms > RUN.end_ms:
            always.append(point.name)
    assert never and len(always) > 25
    assert len({point.number for point in site.points}) == len(site.points) == len(site.by_name)
    before, after = ({point.name for point in site.configured(at_ms)} for at_ms in (START, RUN.end_ms - 1))
    assert before - after and after - before
    assert any(point.listed_interval_s != point.interval_s for point in site.configured(START))


def test_visible_windows_are_shared(site: SiteBook) -> None:
    span = Span(START + HOUR_MS, START + 2 * HOUR_MS)
    first, second = (site.visible(span, RUN.end_ms + at_ms) for at_ms in (0, 5))
    assert len(first) == 12
    assert all(batch is shared for batch, shared in zip(first, second, strict=True))
    inside = site.visible(Span(span.start_ms + 1, span.start_ms + 1_000), RUN.end_ms)
    assert all(
        span.start_ms < row.time_ms < span.start_ms + 1_000 for batch in inside for row in batch.versions
    )


def test_rates_of_nothing_give_plain_readings() -> None:
    settings = BookSettings(rates=Rates(0, 0, 0, 0), gateway_outages_per_day=0)
    for versions in Book(Random(5), RUN, settings).sites[SITE].readings(DAY):
        assert len(versions) == 1
        assert versions[0].visible_ms - versions[0].time_ms <= 25_000
        assert versions[0].value is not None


@pytest.mark.parametrize("style", ["Z", ".{ms:03d}Z", "+00:00", "+02:00", "-05:30"])
@pytest.mark.parametrize("time_ms", [START, START + 7_384_000, START + DAY_MS - 1_000])
def test_times_are_as_the_product_reads_them(style: str, time_ms: int) -> None:
    assert parse_time(time_text(time_ms, style)) == time_ms


def product_number(value: object) -> float | None:
    try:
        return parse_value(value)
    except RejectedReadingError:
        return None


def test_numbers_are_the_product_s() -> None:
    texts = [
        *values.GARBAGE,
        *values._EDGES,
        *values._STATE_TEXTS,
        '" ON "',
        "1e400",
        "9" * 400,
        '"9_0"',
        '"٣"',
    ]
    for text in texts:
        value = json.loads(text)
        assert repr(number_of(value)) == repr(product_number(value)), text
    assert [number_of(json.loads(text)) for text in values.GARBAGE] == [None] * len(values.GARBAGE)


def test_numbers_of_random_texts_agree() -> None:
    random = Random(6)
    for _ in range(5_000):
        text = "".join(random.choices("0123456789.-+eE_ nifaINFxtruo\u0664", k=random.randint(0, 7)))
        assert repr(number_of(text)) == repr(product_number(text)), text
