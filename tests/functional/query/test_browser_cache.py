"""A browser keeps an answer for the token that requested it, and asks for it once."""

from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page

from tests.support.api_server import ApiServer
from tests.support.browser_fixtures import browser
from tests.support.building import building
from tests.support.client_data import POINT
from tests.support.client_fixtures import deployed, make_token, server
from tests.support.clock import Clock
from tests.support.sites import SITE
from vitals.model.timespan import MINUTE_MS

__all__ = ["browser", "building", "deployed", "make_token", "server"]

# As the page requests it (web/src/api/client.ts).
FETCH = """async ([address, token, options]) => {
  const answer = await fetch(address, { headers: { Authorization: `Bearer ${token}` }, ...options });
  return [answer.status, answer.headers.get("etag"), await answer.text()];
}"""

type Fetch = Callable[..., tuple[int, str | None, str]]


@pytest.fixture
def page(browser: Browser, server: ApiServer) -> Iterator[Page]:
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(f"{server.url}/health")
    yield page
    context.close()


@pytest.fixture
def fetch(page: Page, server: ApiServer, clock: Clock) -> Fetch:
    """Requests an hour that is settled from the browser."""
    start_ms = clock() - 90 * MINUTE_MS
    clock.forward(60)
    span = {"start_time": start_ms, "end_time": start_ms + 60 * MINUTE_MS}
    query = urlencode({"site_name": SITE, "point_name": POINT, "resolution": "raw", **span})
    address = f"{server.url}/timeseries/query?{query}"

    def fetch(token: str, **options: str) -> tuple[int, str | None, str]:
        status, etag, body = page.evaluate(FETCH, [address, token, options])
        return status, etag, body

    return fetch


def queries(server: ApiServer) -> int:
    return sum(path == "/timeseries/query" for _, path in server.requests)


def test_a_browser_asks_once_for_each_token(
    fetch: Fetch, server: ApiServer, make_token: Callable[..., str]
) -> None:
    first, second, other = make_token("read"), make_token("read"), make_token("read", site="elsewhere")
    answers = [fetch(first) for _ in range(3)]
    assert answers[0][0] == 200
    assert answers[0][1] is not None
    assert (answers, queries(server)) == ([answers[0]] * 3, 1)
    # The caller signed in with another token.
    assert (fetch(second)[0], queries(server)) == (200, 2)
    assert (fetch(other)[0], queries(server)) == (403, 3)


def test_a_browser_revalidates_by_the_etag(
    fetch: Fetch, server: ApiServer, make_token: Callable[..., str]
) -> None:
    token, bodies = make_token("read"), list[str]()
    server.after = lambda method, path, body: bodies.append(body)
    answer = fetch(token)
    assert fetch(token, cache="no-cache") == answer
    assert (queries(server), bodies[-1]) == (2, "")
