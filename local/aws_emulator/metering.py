"""What ministack's API Gateway leaves out of usage plans: it keeps keys and plans, and holds nobody to them.

Keys come from the authorizer only (`ApiKeySourceType: AUTHORIZER`), as in template.yaml.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ministack.services import apigateway_v1 as gateway

type Answer = tuple[int, dict[str, str], bytes]

# Under which the key travels through ministack's cache of what authorizers said; no function sees it.
_KEY = "usageIdentifierKey"


@dataclass(slots=True)
class Meter:
    """Counts the requests of each key against its plan's burst, rate and daily quota."""

    now: Callable[[], float] = time.time
    _buckets: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    _days: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def refusal(self, plan: dict[str, Any], key: str) -> str | None:
        """The kind of gateway response that the next request of this key gets, None when it may pass."""
        now, of_plan = self.now(), (plan["id"], key)
        burst = float(plan["throttle"].get("burstLimit", 0))
        rate = float(plan["throttle"].get("rateLimit", 0))
        if rate:
            level, at = self._buckets.get(of_plan, (burst, now))
            level = min(burst, level + (now - at) * rate)
            if level < 1:
                return "THROTTLED"
            self._buckets[of_plan] = (level - 1, now)
        limit = int(plan["quota"].get("limit", 0))
        if limit:
            day, used = self._days.get(of_plan, (0, 0))
            today = int(now // 86_400)
            used = used if day == today else 0
            if used >= limit:
                return "QUOTA_EXCEEDED"
            self._days[of_plan] = (today, used + 1)
        return None


def complete(respond: Callable[[str, int, str], Answer]) -> None:
    """Makes the gateway ask for keys and keep to plans; `respond` makes its answer of a kind."""
    gateway._invoke_authorizer_lambda = _keeping_the_key(gateway._invoke_authorizer_lambda)
    gateway._authorize_request_v1 = _metering(gateway._authorize_request_v1, respond, Meter())
    gateway.handle_request = _flushing(gateway.handle_request)


def _keeping_the_key(invoke: Callable[..., Any]) -> Callable[..., Any]:
    async def keeping(*args: Any) -> Any:
        result = await invoke(*args)
        said = (result or {}).get("body")
        if isinstance(said, str | bytes):
            said = json.loads(said)
        if isinstance(said, dict) and _KEY in said:
            return result | {"body": said | {"context": said.get("context", {}) | {_KEY: said[_KEY]}}}
        return result

    return keeping


def _metering(
    authorize: Callable[..., Any], respond: Callable[[str, int, str], Answer], meter: Meter
) -> Callable[..., Any]:
    async def metering(api_id: str, stage: str, method: dict[str, Any], *args: Any) -> Any:
        error, context = await authorize(api_id, stage, method, *args)
        if error is not None:
            return error, None
        value = (context or {}).get(_KEY)
        if method.get("apiKeyRequired"):
            key, plan = _key_and_plan(api_id, stage, value)
            if key is None or plan is None:
                return respond("INVALID_API_KEY", 403, "Forbidden"), None
            kind = meter.refusal(plan, key)
            if kind:
                return respond(kind, 429, "Limit Exceeded"), None
        return None, context and {name: said for name, said in context.items() if name != _KEY}

    return metering


def _key_and_plan(api_id: str, stage: str, value: str | None) -> tuple[str | None, dict[str, Any] | None]:
    """The enabled key of this value, and the plan of this stage that it is in."""
    for key in gateway._api_keys.values():
        if value and key["value"] == value and key["enabled"]:
            for plan in gateway._usage_plans.values():
                stages = [(place["apiId"], place["stage"]) for place in plan["apiStages"]]
                if (api_id, stage) in stages and key["id"] in gateway._usage_plan_keys.get(plan["id"], {}):
                    return key["id"], plan
    return None, None


def _flushing(handle: Callable[..., Any]) -> Callable[..., Any]:
    """Adds FlushStageAuthorizersCache."""

    async def flushing(method: str, path: str, *args: Any) -> Any:
        if method == "DELETE" and path.endswith("/cache/authorizers"):
            gateway._authorizer_cache.clear()
            return 202, {}, b""
        return await handle(method, path, *args)

    return flushing
