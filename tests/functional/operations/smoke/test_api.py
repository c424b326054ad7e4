"""The token of the smoke test, on moto."""

from collections.abc import Iterator

import pytest
import requests

from operations.smoke.api import SmokeToken
from operations.smoke.checks import Deadline, ProblemError
from operations.smoke.target import Target
from operations.token_lifecycle import Tokens
from tests.support.athena_archive import Clock as Seconds
from tests.support.clock import Clock
from tests.support.sites import SITE
from vitals.store.state.tokens import TokenTable


@pytest.fixture
def token(dynamodb: object, clock: Clock) -> SmokeToken:
    target = Target({}, "http://api", lambda service: None, is_local=True, option=" --stack v")
    seconds = Seconds()
    deadline = Deadline(900, seconds.monotonic, seconds.sleep)
    return SmokeToken(target, Tokens(dynamodb, "StateTable", None, clock), SITE, deadline)


@pytest.fixture
def statuses(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the API answers, in order; the last status repeats."""
    listed = [403, 403, 200]

    def answers() -> Iterator[int]:
        yield from listed
        while True:
            yield listed[-1]

    running = answers()

    def get(*_: object, **__: object) -> requests.Response:
        response = requests.Response()
        response.status_code = next(running)
        return response

    monkeypatch.setattr(requests, "get", get)
    return listed


def test_a_new_token_is_awaited_and_revoked(
    token: SmokeToken, statuses: list[int], dynamodb: object, clock: Clock
) -> None:
    assert token.create() == "the API accepts a new token"
    [stored] = token.tokens.all()
    assert set(stored.scopes) == {"read", "export"}
    assert SITE in stored.sites
    assert stored.expires_ms == clock() + 20 * 60_000
    token.revoke()
    assert token.tokens.all() == []
    assert TokenTable(dynamodb, "StateTable").find_grant(token.secret, clock()) is None  # type: ignore[arg-type]


def test_a_token_that_is_refused_is_revoked(token: SmokeToken, statuses: list[int]) -> None:
    statuses[:] = [403]
    with pytest.raises(ProblemError, match="answers 403 to a new token"):
        token.create()
    token.revoke()
    assert token.tokens.all() == []


def test_a_failed_revocation_names_the_command(token: SmokeToken, statuses: list[int]) -> None:
    token.create()
    token.tokens.revoke(token.tokens.find("smoke"))
    with pytest.raises(ProblemError, match=r"vitals token revoke [0-9a-f]{8} --stack v"):
        token.revoke()


def test_without_a_token_nothing_is_removed(token: SmokeToken) -> None:
    assert token.revoke() == "nothing to remove"
