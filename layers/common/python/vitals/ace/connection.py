"""The client of the ACE API for handlers: key from Secrets Manager, pace shared in the state table."""

from collections.abc import Callable
from typing import Protocol

from vitals.ace.client import AceClient
from vitals.ace.pacing import LivePace, Pace
from vitals.aws.runtime import Runtime
from vitals.store.control.rate_limit import SharedPace


class AceSettings(Protocol):
    """Settings of every function that calls ACE."""

    @property
    def state_table(self) -> str: ...
    @property
    def ace_api_url(self) -> str: ...
    @property
    def ace_secret_id(self) -> str: ...
    @property
    def requests_per_minute(self) -> int: ...


def connect(
    settings: AceSettings,
    runtime: Runtime,
    remaining_s: Callable[[], float],
    warn: Callable[..., None],
    own: Pace | None = None,
) -> AceClient:
    """Returns a client with its `own` pace, which delays the others, or with the shared pace."""
    # Imported here because it imports boto3, the slowest import of a cold start.
    from aws_lambda_powertools.utilities import parameters

    key = str(parameters.get_secret(settings.ace_secret_id, max_age=300))
    shared = SharedPace(
        runtime.client("dynamodb"),
        settings.state_table,
        settings.ace_api_url,
        settings.requests_per_minute,
        runtime,
        remaining_s=remaining_s,
    )
    pace = LivePace(own, shared) if own else shared
    return AceClient(
        settings.ace_api_url,
        key,
        pace,
        session=runtime.upstream_session() if runtime.upstream_session else None,
        remaining_s=remaining_s,
        warn=warn,
        runtime=runtime,
    )
