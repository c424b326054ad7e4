"""The one authorisation of the three APIs: its order, and what a refused caller learns."""

import pytest

from vitals.errors import ForbiddenError, InvalidRequestError, NotFoundError
from vitals.http.access import allows, authorise
from vitals.model.records.tokens import Grant

MALFORMED = "no/site"


def grant(scopes: str, sites: str) -> Grant:
    return Grant("token", frozenset(scopes.split()), frozenset(sites.split()))


@pytest.mark.parametrize(
    ("scopes", "sites", "site", "error", "text"),
    [
        ("", "*", MALFORMED, ForbiddenError, "the token lacks the scope 'read'"),
        ("backfill", "*", "here", ForbiddenError, "the token lacks the scope 'read'"),
        ("read", "here", MALFORMED, InvalidRequestError, "a site name must have"),
        ("read", "here", "elsewhere", ForbiddenError, "the token does not grant site 'elsewhere'"),
        ("read", "elsewhere", "here", ForbiddenError, "the token does not grant site 'here'"),
        ("read", "*", "elsewhere", NotFoundError, "there is no site 'elsewhere'"),
    ],
)
def test_the_first_failing_check_is_reported(
    scopes: str, sites: str, site: str, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        authorise(grant(scopes, sites), site, "read", exists={"here"}.__contains__)


@pytest.mark.parametrize(("scopes", "sites"), [("read", "here"), ("read", "*"), ("admin", "here")])
def test_a_granted_site_passes(scopes: str, sites: str) -> None:
    authorise(grant(scopes, sites), "here", "read", exists={"here"}.__contains__)


def test_one_of_several_scopes_is_enough() -> None:
    operator = grant("backfill", "here")
    authorise(operator, "here", "read", "backfill", exists={"here"}.__contains__)
    assert not allows(operator, "elsewhere", "read", "backfill")
    with pytest.raises(ForbiddenError, match="the token lacks the scope 'read' or 'backfill'"):
        authorise(grant("", "*"), "here", "read", "backfill", exists={"here"}.__contains__)
