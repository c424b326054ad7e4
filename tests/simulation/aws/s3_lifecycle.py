"""The lifecycle rules of the template's bucket: when S3 removes objects and old versions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from tests.simulation.aws.s3_bucket import Bucket, Version
from tests.support.template import template

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class LifecycleRule:
    """How long the objects with a prefix, and their versions that were replaced, are kept."""

    prefix: str
    days: int | None
    noncurrent_days: int | None
    removes_markers: bool


@cache
def lifecycle_rules(logical_id: str = "ColdBucket") -> tuple[LifecycleRule, ...]:
    """Returns the enabled lifecycle rules of a bucket of the template."""
    rules = template()["Resources"][logical_id]["Properties"]["LifecycleConfiguration"]["Rules"]
    return tuple(
        LifecycleRule(
            rule.get("Prefix", ""),
            rule.get("ExpirationInDays"),
            rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays"),
            rule.get("ExpiredObjectDeleteMarker", False),
        )
        for rule in rules
        if rule["Status"] == "Enabled"
    )


def expire(
    bucket: Bucket, rules: Sequence[LifecycleRule], now_ms: int, new_id: Callable[[], str]
) -> list[str]:
    """Applies the rules to every object, and returns the keys of the deleted objects."""
    deleted = []
    for key in list(bucket.versions):
        applied = [rule for rule in rules if key.startswith(rule.prefix)]
        for version in _replaced(bucket.versions[key], applied, now_ms):
            bucket.remove(key, version)
        versions = bucket.versions[key]
        if versions[-1].body is None:
            if len(versions) == 1 and any(rule.removes_markers for rule in applied):
                bucket.remove(key, versions[0])
        elif _is_due(versions[-1].created_ms, [rule.days for rule in applied], now_ms):
            bucket.add(key, Version(new_id(), now_ms))
            deleted.append(key)
    return deleted


def _replaced(versions: Sequence[Version], rules: Sequence[LifecycleRule], now_ms: int) -> list[Version]:
    """Returns the due versions; their time begins when they are replaced."""
    days = [rule.noncurrent_days for rule in rules]
    return [
        version for version, successor in pairwise(versions) if _is_due(successor.created_ms, days, now_ms)
    ]


def _is_due(since_ms: int, days: Sequence[int | None], now_ms: int) -> bool:
    """Returns whether the shortest of these times is over; S3 rounds its end up to midnight in UTC."""
    shortest = min((number for number in days if number is not None), default=None)
    return shortest is not None and -(-since_ms // _DAY_MS) * _DAY_MS + shortest * _DAY_MS <= now_ms
