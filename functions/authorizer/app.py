"""The authorizer's handler: turns a bearer token into an allow policy with the token's grant, or into 401.

An expired token passes without scopes, so that the routes can say when it expired: API Gateway's own 401 has
the same text for every token.
"""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from vitals import config, observability
from vitals.aws.clients import BRIEF
from vitals.aws.runtime import SYSTEM
from vitals.config import AuthorizerSettings
from vitals.model.records.tokens import Grant
from vitals.store.state.tokens import TokenTable

logger = observability.logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Returns a policy for the whole stage, which API Gateway caches by token; the routes check the grant."""
    scheme, _, secret = event.get("authorizationToken", "").partition(" ")
    tokens, settings = _state()
    grant = tokens.find_grant(secret, SYSTEM.now_ms()) if scheme == "Bearer" else None
    if grant is None:
        # API Gateway turns exactly this text into 401.
        raise Exception("Unauthorized")
    stage = "/".join(event["methodArn"].split("/")[:2])
    return {
        "principalId": grant.name,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": f"{stage}/*"}],
        },
        "context": _context(grant),
        # The usage plan counts the request against this key's rate; API Gateway passes the key no further.
        "usageIdentifierKey": grant.usage_key or settings.shared_usage_key,
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


@cache
def _state() -> tuple[TokenTable, AuthorizerSettings]:
    settings = config.load(AuthorizerSettings)
    return TokenTable(SYSTEM.client("dynamodb", BRIEF), settings.state_table), settings
