"""The client of the ACE API as handlers use it: key from Secrets Manager, pace shared by the state table."""

from collections.abc import Callable
from typing import Protocol

from vitals import aws
from vitals.pace import SharedPace
from vitals.upstream import AceClient, Pace


class AceSettings(Protocol):
    """What every function that asks ACE has in its settings."""

    @property
    def state_table(self) -> str: ...
    @property
    def ace_api_url(self) -> str: ...
    @property
    def ace_secret_id(self) -> str: ...
    @property
    def requests_per_minute(self) -> int: ...


class LivePace:
    """The live sync's pace: its own, which waits for nobody, and charged to the shared one."""

    def __init__(self, own: Pace, shared: SharedPace) -> None:
        self._own = own
        self._shared = shared

    def wait(self) -> None:
        """Returns when the sync's own pace allows."""
        self._own.wait()
        self._shared.charge()


def client(
    settings: AceSettings,
    now: Callable[[], int],
    remaining_s: Callable[[], float],
    warn: Callable[..., None],
    own: Pace | None = None,
) -> AceClient:
    """A client that keeps to `own` pace and pushes the others back, or without one waits behind them all."""
    # Imported here because it brings boto3 along, which costs a cold start more than all the rest.
    from aws_lambda_powertools.utilities import parameters

    key = str(parameters.get_secret(settings.ace_secret_id, max_age=300))
    shared = SharedPace(
        aws.client("dynamodb"),
        settings.state_table,
        settings.ace_api_url,
        settings.requests_per_minute,
        now,
        remaining_s=remaining_s,
    )
    pace = LivePace(own, shared) if own else shared
    return AceClient(settings.ace_api_url, key, pace, remaining_s=remaining_s, warn=warn)
