"""The usage plan of the API, which limits each token's rate by an API key of the token's own."""

import contextlib
from typing import Any

from vitals.model.records.tokens import UsageKey


class UsagePlan:
    """One usage plan of API Gateway and the stages that it covers."""

    def __init__(self, client: Any, plan_id: str) -> None:
        self._client = client
        self._plan_id = plan_id

    def create_key(self, name: str) -> UsageKey:
        """Creates an API key in the plan.

        If the answer to its creation is lost, botocore's repeat creates another; the first is in no plan, and
        grants nothing.
        """
        # By prefix and tag, CleanupFunction recognises the keys that it deletes with the stack.
        tags = {"vitals-usage-plan": self._plan_id}
        key = self._client.create_api_key(name=f"vitals {name}", enabled=True, tags=tags)
        try:
            self._add(key["id"])
        except BaseException:
            self.delete_key(key["id"])
            raise
        return UsageKey(key["id"], key["value"])

    def _add(self, key_id: str) -> None:
        """Adds a new key to the plan. Only the repeat of a request whose answer was lost finds it there."""
        with contextlib.suppress(self._client.exceptions.ConflictException):
            self._client.create_usage_plan_key(usagePlanId=self._plan_id, keyId=key_id, keyType="API_KEY")

    def has_key(self, key_id: str) -> bool:
        """Returns whether the plan has a key of this id."""
        try:
            self._client.get_usage_plan_key(usagePlanId=self._plan_id, keyId=key_id)
        except self._client.exceptions.NotFoundException:
            return False
        return True

    def delete_key(self, key_id: str) -> None:
        """Deletes the key, and with it its membership in the plan; does nothing when there is none."""
        with contextlib.suppress(self._client.exceptions.NotFoundException):
            self._client.delete_api_key(apiKey=key_id)

    def flush_grants(self) -> None:
        """Empties the authorizer caches of the plan's stages, which otherwise hold a grant for a minute."""
        for stage in self._client.get_usage_plan(usagePlanId=self._plan_id)["apiStages"]:
            self._client.flush_stage_authorizers_cache(restApiId=stage["apiId"], stageName=stage["stage"])
