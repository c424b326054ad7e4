"""Enforces usage plans, which ministack's API Gateway only stores.

API keys come from the authorizer (`ApiKeySourceType: AUTHORIZER`), as in template.yaml.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ministack.services import apigateway_v1 as gateway

from local.aws_emulator.gateway_responses import gateway_response

# The name of the key in ministack's cache of authorizer results, where no function sees it.
_KEY = "usageIdentifierKey"


@dataclass(slots=True)
class Meter:
    """Counts the requests of each key against its plan's burst, rate and daily quota."""

    now: Callable[[], float] = time.time
    _buckets: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    _days: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def refusal(self, plan: dict[str, Any], key: str) -> str | None:
        """Counts a request; returns the kind of gateway response that refuses it, None when it may pass."""
        plan_and_key = (plan["id"], key)
        if not self._has_rate(plan["throttle"], plan_and_key):
            return "THROTTLED"
        return None if self._has_quota(plan["quota"], plan_and_key) else "QUOTA_EXCEEDED"

    def _has_rate(self, throttle: dict[str, Any], plan_and_key: tuple[str, str]) -> bool:
        now = self.now()
        burst, rate = float(throttle.get("burstLimit", 0)), float(throttle.get("rateLimit", 0))
        if not rate:
            return True
        level, since = self._buckets.get(plan_and_key, (burst, now))
        level = min(burst, level + (now - since) * rate)
        if level < 1:
            return False
        self._buckets[plan_and_key] = (level - 1, now)
        return True

    def _has_quota(self, quota: dict[str, Any], plan_and_key: tuple[str, str]) -> bool:
        limit = int(quota.get("limit", 0))
        if not limit:
            return True
        day, used = self._days.get(plan_and_key, (0, 0))
        today = int(self.now() // 86_400)
        used = used if day == today else 0
        if used >= limit:
            return False
        self._days[plan_and_key] = (today, used + 1)
        return True


def patch() -> None:
    """Patches ministack's API Gateway."""
    gateway._invoke_authorizer_lambda = _keep_key(gateway._invoke_authorizer_lambda)
    gateway._authorize_request_v1 = _enforce(gateway._authorize_request_v1, Meter())
    gateway.handle_request = _add_flush(gateway.handle_request)


def _keep_key(invoke: Callable[..., Any]) -> Callable[..., Any]:
    """Copies the key of an authorizer's answer into its context, which ministack keeps."""

    async def invoke_authorizer(*args: Any) -> Any:
        result = await invoke(*args)
        body = (result or {}).get("body")
        if isinstance(body, str | bytes):
            body = json.loads(body)
        if isinstance(body, dict) and _KEY in body:
            return result | {"body": body | {"context": body.get("context", {}) | {_KEY: body[_KEY]}}}
        return result

    return invoke_authorizer


def _enforce(authorize: Callable[..., Any], meter: Meter) -> Callable[..., Any]:
    async def authorize_request(api_id: str, stage: str, method: dict[str, Any], *args: Any) -> Any:
        error, context = await authorize(api_id, stage, method, *args)
        if error is not None:
            return error, None
        if method.get("apiKeyRequired"):
            key, plan = _key_and_plan(api_id, stage, (context or {}).get(_KEY))
            if key is None or plan is None:
                return gateway_response("INVALID_API_KEY", 403, "Forbidden"), None
            kind = meter.refusal(plan, key)
            if kind:
                return gateway_response(kind, 429, "Limit Exceeded"), None
        return None, context and {name: value for name, value in context.items() if name != _KEY}

    return authorize_request


def _key_and_plan(api_id: str, stage: str, value: str | None) -> tuple[str | None, dict[str, Any] | None]:
    """Returns the id of the enabled key with this value, and the stage's plan that has the key."""
    for key in gateway._api_keys.values():
        if value and key["value"] == value and key["enabled"]:
            for plan in gateway._usage_plans.values():
                stages = [(covered["apiId"], covered["stage"]) for covered in plan["apiStages"]]
                if (api_id, stage) in stages and key["id"] in gateway._usage_plan_keys.get(plan["id"], {}):
                    return key["id"], plan
    return None, None


def _add_flush(handle: Callable[..., Any]) -> Callable[..., Any]:
    """Adds FlushStageAuthorizersCache."""

    async def handle_request(method: str, path: str, *args: Any) -> Any:
        if method == "DELETE" and path.endswith("/cache/authorizers"):
            gateway._authorizer_cache.clear()
            return 202, {}, b""
        return await handle(method, path, *args)

    return handle_request
