"""What the caller of a request may do."""

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from vitals.errors import (
    UnauthorizedError,
)
from vitals.model.records.tokens import Grant
from vitals.model.timespan import iso


def granted(event: APIGatewayProxyEvent) -> Grant:
    """The grant as the authorizer passed it on; UnauthorizedError when the token has expired."""
    context = event.request_context.authorizer
    found = dict(context.raw_event) if context else {}
    scopes, sites = (frozenset(found.get(key, "").split()) for key in ("scopes", "sites"))
    expires_ms = int(found["expires_ms"]) if "expires_ms" in found else None
    # Of a token that had expired the authorizer tells no scopes; API Gateway may recall what it told before.
    if expires_ms is not None and (not scopes or expires_ms <= event.request_context.request_time_epoch):
        raise UnauthorizedError(f"this token expired at {iso(expires_ms)}; ask for a new one")
    return Grant(found.get("principalId", ""), scopes, sites, expires_ms)
