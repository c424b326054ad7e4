"""Tokens that are created while AWS does what it is asked, and one of its answers is lost."""

from typing import Any

import boto3
import pytest
from moto.apigateway.exceptions import ApiKeyAlreadyExists
from moto.apigateway.models import APIGatewayBackend

from operations.token_lifecycle import Tokens
from operations.usage_plan import UsagePlan
from tests.support.clock import Clock
from tests.support.lost_answers import LostAnswer
from vitals.store.state.tokens import TokenTable


@pytest.fixture(autouse=True)
def gateway_refuses_repeats(monkeypatch: pytest.MonkeyPatch) -> None:
    """API Gateway refuses a key that is in the plan already; moto does not."""
    add = APIGatewayBackend.create_usage_plan_key

    def refusing(backend: APIGatewayBackend, plan: str, payload: dict[str, Any]) -> Any:
        if payload["keyId"] in backend.usage_plan_keys.get(plan, {}):
            raise ApiKeyAlreadyExists
        return add(backend, plan, payload)

    monkeypatch.setattr(APIGatewayBackend, "create_usage_plan_key", refusing)


@pytest.mark.parametrize("operation", ["CreateApiKey", "CreateUsagePlanKey", "TransactWriteItems"])
def test_a_token_is_created_without_answer(dynamodb: Any, clock: Clock, operation: str) -> None:
    """It works, and its key is the only one in the plan."""
    gateway = boto3.client("apigateway")
    plan = gateway.create_usage_plan(name="tokens")["id"]
    tokens = Tokens(dynamodb, "StateTable", UsagePlan(gateway, plan), clock)
    with LostAnswer(operation, number=0).patched():
        secret = tokens.create("charts", ["read"], ["*"], None)
    grant = TokenTable(dynamodb, "StateTable").find_grant(secret, clock())
    [key] = gateway.get_usage_plan_keys(usagePlanId=plan)["items"]
    assert grant
    assert grant.usage_key == gateway.get_api_key(apiKey=key["id"], includeValue=True)["value"]
    [token] = tokens.all()
    assert token.usage
    assert token.usage.id == key["id"]
