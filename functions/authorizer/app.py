"""The authorizer's handler: a bearer token to an allow policy with the token's grants, or 401.

A token that has expired passes without a grant, so that the routes can say when it ended: API Gateway's own
401 is one text for all.
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
    """The policy covers the stage, for API Gateway caches it by token; the routes check the grant."""
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
        # Whose rate the request counts against; API Gateway hands it on to nobody but the usage plan.
        "usageIdentifierKey": grant.usage_key or settings.shared_usage_key,
    }


def _context(grant: Grant) -> dict[str, str]:
    """What the routes are told (`vitals.http.granted`); what there is nothing of is left out."""
    facts = {
        "scopes": " ".join(sorted(grant.scopes)),
        "sites": " ".join(sorted(grant.sites)),
        "expires_ms": "" if grant.expires_ms is None else str(grant.expires_ms),
    }
    return {name: text for name, text in facts.items() if text}


@cache
def _state() -> tuple[TokenTable, AuthorizerSettings]:
    settings = config.load(AuthorizerSettings)
    return TokenTable(SYSTEM.client("dynamodb", BRIEF), settings.state_table), settings
