"""The listing of a site's points: what changes between its pages is noticed, and read again."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.ace import listing
from vitals.errors import UpstreamCursorError, UpstreamRefusedError, UpstreamUnavailableError

type Answer = dict[str, Any]


def page_of(names: list[str], page: int, size: int) -> Answer:
    return {
        "page": page,
        "pages": -(-len(names) // size),
        "per_page": size,
        "total": len(names),
        "items": [{"id": name, "name": name} for name in names[(page - 1) * size : page * size]],
    }


class Site:
    """A site whose points change between requests: `changes` is what happens after how many answers."""

    def __init__(self, names: list[str], changes: dict[int, Callable[[list[str]], None]]) -> None:
        self.names = names
        self.changes = changes
        self.requests = 0
        self.ever = set(names)
        self.always = set(names)

    def __call__(self, page: int, size: int) -> Answer:
        answer = page_of(self.names, page, size)
        self.requests += 1
        if change := self.changes.get(self.requests):
            change(self.names)
            self.ever |= set(self.names)
            self.always &= set(self.names)
        return answer


def names_of(result: listing.Listing) -> set[str]:
    return {item["name"] for item in result.items}


def p(number: int) -> str:
    return f"p{number:03d}"


def points(count: int) -> list[str]:
    return [p(number) for number in range(count)]


def test_a_slipped_point_is_in_the_next_reading() -> None:
    site = Site(points(250), {1: lambda names: names.remove("p005")})
    result = listing.read(site, "points")
    assert names_of(result) == set(points(250))
    assert result.steady
    assert site.requests == 3 + 3


def test_a_steady_listing_is_read_once() -> None:
    site = Site(points(250), {})
    result = listing.read(site, "points")
    assert (names_of(result), result.doubt, site.requests) == (set(points(250)), "", 3)


def removal(share: float) -> Callable[[list[str]], None]:
    return lambda names: names.remove(names[int(share * len(names))])


def insertion(share: float, number: int) -> Callable[[list[str]], None]:
    return lambda names: names.insert(int(share * (len(names) + 1)), f"new{number}")


places = st.floats(0, 1, exclude_max=True)
changes = st.dictionaries(st.integers(1, 9), st.tuples(st.sampled_from("-+±"), places, places), max_size=3)


@given(st.integers(80, 320), changes)
def test_a_changed_listing_is_whole_unsteady_or_swapped(
    count: int, drawn: dict[int, tuple[str, float, float]]
) -> None:
    """A removal and an insertion between the same two pages cancel out in the total: nobody can see these."""
    events: dict[int, Callable[[list[str]], None]] = {}
    swaps = 0
    for number, (kind, here, there) in drawn.items():
        swaps += kind == "±"
        steps = [removal(here)] * (kind != "+") + [insertion(there, number)] * (kind != "-")
        events[number] = lambda names, steps=steps: [step(names) for step in steps] and None
    site = Site(points(count), events)
    result = listing.read(site, "points")
    assert names_of(result) <= site.ever
    net = {"-": -1, "+": 1, "±": 0}
    if result.steady and not swaps and len({net[kind] for kind, *_ in drawn.values()}) < 2:
        assert names_of(result) >= site.always


@given(st.integers(101, 400), st.integers(0, 2**32))
def test_a_shift_in_every_reading_omits_no_point(count: int, seed: int) -> None:
    """Each reading misses the first point of another page."""
    vanished = seed % 80

    def fetch(page: int, size: int) -> Answer:
        names = points(count)
        if page > 1:
            names.remove(p(vanished))
        return page_of(names, page, size)

    result = listing.read(fetch, "points")
    assert names_of(result) == set(points(count))
    assert not result.steady
    assert "points" in result.doubt


def test_two_agreeing_passes_outweigh_a_wrong_total() -> None:
    def fetch(page: int, size: int) -> Answer:
        return page_of(points(249), page, size) | {"total": 250}

    result = listing.read(fetch, "points")
    assert (len(result.items), result.steady) == (249, True)


@pytest.mark.parametrize(
    "absent", [("pages",), ("total",), ("pages", "total"), ("pages", "total", "per_page")]
)
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_missing_page_fields_are_derived(count: int, absent: tuple[str, ...]) -> None:
    def fetch(page: int, size: int) -> Answer:
        return {key: value for key, value in page_of(points(count), page, size).items() if key not in absent}

    result = listing.read(fetch, "points")
    assert (names_of(result), result.steady) == (set(points(count)), True)


@pytest.mark.parametrize("odd", [None, "3", True, -1, 2.5])
def test_counts_that_are_no_numbers_are_as_absent(odd: Any) -> None:
    def fetch(page: int, size: int) -> Answer:
        return page_of(points(150), page, size) | {"pages": odd, "total": odd}

    assert names_of(listing.read(fetch, "points")) == set(points(150))


entries: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.text(max_size=3),
    st.lists(st.none(), max_size=1),
    st.fixed_dictionaries({"id": st.integers()}),
    st.fixed_dictionaries({"name": st.one_of(st.none(), st.integers(), st.just(""), st.lists(st.text()))}),
)


@given(st.lists(entries, min_size=1, max_size=5))
def test_an_entry_without_a_name_is_only_counted(odd: list[Any]) -> None:
    items = [*page_of(points(3), 1, 100)["items"], *odd]
    result = listing.read(lambda *_: {"items": items, "pages": 1, "total": len(items)}, "points")
    assert names_of(result) == set(points(3))
    assert (result.malformed, result.steady, result.proves_absence) == (len(odd), True, False)
    nameless = [row for row, entry in enumerate(odd, 4) if isinstance(entry, dict)]
    assert result.nameless == len(nameless)
    assert result.problem.startswith(f"entry {nameless[0]} has no name" if nameless else "")
    assert bool(result.problem) == bool(nameless)


def test_a_listing_without_an_end_is_an_error() -> None:
    with pytest.raises(UpstreamCursorError, match="did not end within 400 pages"):
        listing.read(lambda page, size: {"items": [{"name": f"{page}-{n}"} for n in range(size)]}, "points")
    with pytest.raises(UpstreamUnavailableError, match="expected a list under 'items'"):
        listing.read(lambda *_: {"pages": 1}, "points")


def test_a_failed_second_reading_leaves_the_listing_unsteady() -> None:
    def answers() -> Iterator[Answer]:
        for page in (1, 2, 3):
            yield page_of(points(249), page, 100) | {"total": 250}
        raise UpstreamUnavailableError("points answered 503")

    pages = answers()
    result = listing.read(lambda *_: next(pages), "points")
    assert len(result.items) == 249
    assert result.doubt == "points: it lists 249 of 250 points; the second pass failed: points answered 503"


def test_a_second_reading_requires_time() -> None:
    site, clock = Site(points(250), {1: lambda names: names.remove("p005")}), iter(range(0, 1000, 100))
    result = listing.read(site, "points", lambda: 150.0, lambda: next(clock))
    assert (site.requests, result.steady) == (3, False)
    assert result.doubt == "points: its pages give different totals: 250, 249"


def test_a_name_listed_twice_once_makes_it_unsteady() -> None:
    site = Site(points(250), {1: lambda names: names.insert(0, "new"), 3: lambda names: names.remove("p100")})
    result = listing.read(site, "points")
    assert result.steady
    assert names_of(result) == {*points(250), "new"}
    twice = ["a", "b", "a"]
    result = listing.read(lambda page, size: page_of(twice, page, size), "points")
    assert (names_of(result), result.steady) == ({"a", "b"}, True)


class Strict(Site):
    """A site that refuses pages that are not there, and page sizes that it does not know."""

    def __init__(
        self, names: list[str], changes: dict[int, Callable[[list[str]], None]], sizes: set[int]
    ) -> None:
        super().__init__(names, changes)
        self.sizes = sizes
        self.used: list[int] = []

    def __call__(self, page: int, size: int) -> Answer:
        if size not in self.sizes:
            raise UpstreamRefusedError(422, "points answered 422")
        if page > 1 and (page - 1) * size >= len(self.names):
            raise UpstreamRefusedError(404, f"points (page {page}) answered 404")
        self.used.append(size)
        return super().__call__(page, size)


ANY_SIZE = set(range(1, 101))


@pytest.mark.parametrize("count", [101, 201])
def test_a_vanished_last_page_ends_only_its_reading(count: int) -> None:
    last = count // 100
    site = Strict(points(count), {last: lambda names: names.remove(p(count - 1))}, ANY_SIZE)
    result = listing.read(site, "points")
    assert (names_of(result), result.steady) == (set(points(count - 1)), True)


def test_pages_refused_in_every_reading_make_it_unsteady() -> None:
    def fetch(page: int, size: int) -> Answer:
        if page == 2:
            raise UpstreamRefusedError(404, "points (page 2) answered 404")
        return page_of(points(150), page, 75) | {"pages": 2}

    result = listing.read(fetch, "points")
    assert names_of(result) == set(points(75))
    assert result.doubt == "points: its page 2 was refused: points (page 2) answered 404"
    assert not result.proves_absence


def test_a_refused_first_page_is_an_error() -> None:
    with pytest.raises(UpstreamRefusedError, match="422"):
        listing.read(Strict(points(3), {}, set()), "points")


def test_the_second_reading_falls_back_to_round_sizes() -> None:
    removed = {1: lambda names: names.remove("p005")}
    site = Strict(points(250), removed, {10, 20, 50, 100})
    result = listing.read(site, "points")
    assert (names_of(result), result.steady) == (set(points(250)), True)
    assert site.used == [100] * 3 + [50] * 5
    site = Strict(points(250), removed, {100})
    result = listing.read(site, "points")
    assert not result.steady
    assert result.doubt.endswith("the second pass failed: points answered 422")
