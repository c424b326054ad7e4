"""The settings of the template's queues."""

from dataclasses import dataclass
from typing import Any

from tests.support.template import template

# What SQS sets where the template does not.
_VISIBILITY_S = 30
_RETENTION_S = 345_600


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSettings:
    """The settings of one queue; `dead_letters` is the name of its dead-letter queue, if it has one."""

    visibility_s: int = _VISIBILITY_S
    retention_s: int = _RETENTION_S
    max_receives: int = 0
    dead_letters: str = ""


def queue_settings() -> dict[str, QueueSettings]:
    """Returns the settings of all queues of the template by their logical ids."""
    return {
        logical_id: _settings(resource["Properties"])
        for logical_id, resource in template()["Resources"].items()
        if resource["Type"] == "AWS::SQS::Queue"
    }


def _settings(properties: dict[str, Any]) -> QueueSettings:
    policy = properties.get("RedrivePolicy", {})
    return QueueSettings(
        visibility_s=properties.get("VisibilityTimeout", _VISIBILITY_S),
        retention_s=properties.get("MessageRetentionPeriod", _RETENTION_S),
        max_receives=policy.get("maxReceiveCount", 0),
        dead_letters=policy["deadLetterTargetArn"]["GetAtt"].removesuffix(".Arn") if policy else "",
    )
