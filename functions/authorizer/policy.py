"""The answer of the authorizer: what a grant may call, and what the routes learn of it."""

from typing import Any

from vitals.model.records.tokens import Grant

_METHODS = ("GET", "HEAD", "POST")


def allowing(grant: Grant, method_arn: str, usage_key: str, *, is_basic: bool) -> dict[str, Any]:
    """Returns the policy of a grant; API Gateway caches it by the header of the request.

    A bearer token may call the whole stage. Basic is for Haystack clients alone: a browser sends it by
    itself, also with requests that another page makes.
    """
    stage = "/".join(method_arn.split("/")[:2])
    # A * spans slashes, so that */haystack/* would also be the routes of a site with this name.
    routes = [f"{stage}/{method}/haystack/*" for method in _METHODS] if is_basic else f"{stage}/*"
    return {
        "principalId": grant.name,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": routes}],
        },
        "context": _context(grant),
        # The usage plan counts the request against this key's rate; API Gateway passes the key no further.
        "usageIdentifierKey": usage_key,
    }


def _context(grant: Grant) -> dict[str, str]:
    """Returns the grant as the routes read it (`vitals.http.access.granted`), without empty fields."""
    facts = {
        "scopes": " ".join(sorted(grant.scopes)),
        "sites": " ".join(sorted(grant.sites)),
        "token_id": grant.token_id,
        "expires_ms": "" if grant.expires_ms is None else str(grant.expires_ms),
    }
    return {name: text for name, text in facts.items() if text}
