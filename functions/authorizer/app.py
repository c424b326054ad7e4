"""The authorizer's handler: turns a token into an allow policy with the token's grant, or into 401.

An expired token passes without scopes, so that the routes can say when it expired: API Gateway's own 401 has
the same text for every token.
"""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from authorizer import policy
from authorizer.credentials import credentials
from vitals import config, observability
from vitals.aws.clients import BRIEF
from vitals.aws.runtime import SYSTEM
from vitals.config import AuthorizerSettings
from vitals.store.state.tokens import TokenTable

logger = observability.logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Returns a policy that allows what the token grants; the routes check the grant."""
    sent = credentials(event.get("authorizationToken", ""))
    tokens, settings = _state()
    grant = tokens.find_grant(sent.secret, SYSTEM.now_ms()) if sent else None
    if sent is None or grant is None:
        # API Gateway turns exactly this text into 401.
        raise Exception("Unauthorized")
    usage_key = grant.usage_key or settings.shared_usage_key
    return policy.allowing(grant, event["methodArn"], usage_key, is_basic=sent.is_basic)


@cache
def _state() -> tuple[TokenTable, AuthorizerSettings]:
    settings = config.load(AuthorizerSettings)
    return TokenTable(SYSTEM.client("dynamodb", BRIEF), settings.state_table), settings
