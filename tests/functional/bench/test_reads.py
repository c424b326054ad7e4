"""The requests of a read: the ledger, the tiers and copies of footers, and no more in a larger site."""

from collections.abc import Iterator

import pytest

from bench.reads import site
from bench.reads.checkout import QUERIES, ROOT, Checkout
from bench.reads.site import Size

SIZE = Size(points=320, full=2, days=60)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """The process that measures the reads of a site."""
    checkout = Checkout(ROOT, tmp_path_factory.mktemp("files"), SIZE)
    checkout.read()
    yield checkout
    checkout.close()


@pytest.mark.parametrize("name", QUERIES)
def test_a_read_takes_its_requests_only(checkout: Checkout, name: str) -> None:
    figures = checkout.measure(name)
    assert figures["requests"] == site.most_requests()[name]
    assert not figures.get("pandas")
