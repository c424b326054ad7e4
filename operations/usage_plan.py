"""The gateway's usage plan, which holds each token to its rate by an API key of the token's own."""

import contextlib
from typing import Any

from vitals.model.records.tokens import UsageKey


class UsagePlan:
    """One usage plan of API Gateway and the stages that it is for."""

    def __init__(self, client: Any, plan: str) -> None:
        self._client = client
        self._plan = plan

    def create_key(self, name: str) -> UsageKey:
        """A new API key in the plan."""
        key = self._client.create_api_key(name=f"vitals {name}", enabled=True)
        try:
            self._client.create_usage_plan_key(usagePlanId=self._plan, keyId=key["id"], keyType="API_KEY")
        except BaseException:
            self.delete_key(key["id"])
            raise
        return UsageKey(key["id"], key["value"])

    def delete_key(self, key_id: str) -> None:
        """Removes the key from the plan and altogether; fine when it is gone."""
        with contextlib.suppress(self._client.exceptions.NotFoundException):
            self._client.delete_api_key(apiKey=key_id)

    def forget_grants(self) -> None:
        """Lets the gateway ask the authorizer anew, where it would know an answer for another minute."""
        for stage in self._client.get_usage_plan(usagePlanId=self._plan)["apiStages"]:
            self._client.flush_stage_authorizers_cache(restApiId=stage["apiId"], stageName=stage["stage"])
