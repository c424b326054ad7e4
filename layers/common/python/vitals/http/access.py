"""What the caller of a request may do: the token's grant, and one authorisation for every API."""

from collections.abc import Callable

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from vitals.errors import ForbiddenError, NotFoundError, UnauthorizedError
from vitals.model.records.tokens import Grant
from vitals.model.timespan import iso
from vitals.site_name import check_site


def granted(event: APIGatewayProxyEvent) -> Grant:
    """Returns the grant that the authorizer passed on; UnauthorizedError when the token has expired."""
    context = event.request_context.authorizer
    fields = dict(context.raw_event) if context else {}
    scopes, sites = (frozenset(fields.get(key, "").split()) for key in ("scopes", "sites"))
    expires_ms = int(fields["expires_ms"]) if "expires_ms" in fields else None
    # The authorizer passes no scopes for an expired token. API Gateway may still hold an earlier grant of it.
    if expires_ms is not None and (not scopes or expires_ms <= event.request_context.request_time_epoch):
        raise UnauthorizedError(f"the token expired at {iso(expires_ms)}; use a new one")
    return Grant(
        name=fields.get("principalId", ""),
        scopes=scopes,
        sites=sites,
        expires_ms=expires_ms,
        token_id=fields.get("token_id", ""),
    )


def authorise(grant: Grant, site: str, *scopes: str, exists: Callable[[str], bool]) -> None:
    """Checks the token's scope, the form of the site's name, the token's sites and that the site exists.

    The checks run in this order, so that a caller without access does not learn which sites exist. Any one of
    the scopes is enough. Raises ForbiddenError, InvalidRequestError or NotFoundError.
    """
    require_site(grant, site, *scopes)
    if not exists(site):
        raise NotFoundError(f"there is no site {site!r}")


def require_site(grant: Grant, site: str, *scopes: str) -> None:
    """Checks as `authorise` does, without the existence of the site."""
    require_scope(grant, *scopes)
    check_site(site)
    if not allows(grant, site, *scopes):
        raise ForbiddenError(f"the token does not grant site {site!r}")


def require_scope(grant: Grant, *scopes: str) -> None:
    """Raises ForbiddenError when the token has none of the scopes."""
    if not allows(grant, None, *scopes):
        raise ForbiddenError(f"the token lacks the scope {' or '.join(map(repr, scopes))}")


def allows(grant: Grant, site: str | None, *scopes: str) -> bool:
    """Returns whether the token has one of the scopes for the site, or for any site where it is None."""
    return any(grant.allows(scope, site) for scope in scopes)
