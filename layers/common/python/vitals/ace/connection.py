"""The client of the ACE API for handlers: key from Secrets Manager, pace shared in the state table.

All functions share the rate of a key: the sync goes first, then the archiving, then backfills.
"""

from collections.abc import Callable
from typing import Protocol

from vitals.ace.client import AceClient
from vitals.ace.pacing import KeyPaces, Paced, PriorityPace
from vitals.aws.runtime import Runtime
from vitals.errors import ConfigError
from vitals.model.key_group import secret_name
from vitals.store.control.rate_limit import SharedPace
from vitals.store.keys import PaceUser

# What Secrets Manager answers for a secret that does not exist, and for one that will be deleted.
SECRET_REMEDIES = {
    "ResourceNotFoundException": "create it: aws secretsmanager create-secret --name {} --secret-string file:///dev/stdin",
    "InvalidRequestException": "restore it: aws secretsmanager restore-secret --secret-id {}",
}


class AceSettings(Protocol):
    """Settings of every function that calls ACE."""

    @property
    def state_table(self) -> str: ...
    @property
    def ace_api_url(self) -> str: ...
    @property
    def ace_secret_name(self) -> str: ...
    @property
    def requests_per_minute(self) -> int: ...


def connect(
    settings: AceSettings,
    runtime: Runtime,
    remaining_s: Callable[[], float],
    warn: Callable[..., None],
    key_group: str,
    pace: KeyPaces | PaceUser,
) -> AceClient:
    """Returns a client with the key of a key group, at the sync's own pace or the shared one of a user."""

    def shared(user: PaceUser) -> SharedPace:
        return SharedPace(
            runtime.client("dynamodb"),
            settings.state_table,
            settings.ace_api_url,
            settings.requests_per_minute,
            runtime,
            key_group=key_group,
            user=user,
        )

    paced: Paced = shared("backfill")
    if pace == "archive":
        paced = PriorityPace(shared("archive"), shared("backfill"))
    elif isinstance(pace, KeyPaces):
        paced = PriorityPace(pace.select(key_group), shared("archive"), shared("backfill"))
    return AceClient(
        settings.ace_api_url,
        _key(secret_name(settings.ace_secret_name, key_group), key_group),
        paced,
        session=runtime.upstream_session() if runtime.upstream_session else None,
        remaining_s=remaining_s,
        warn=warn,
        runtime=runtime,
    )


def _key(secret: str, key_group: str) -> str:
    """Returns the key of a key group; ConfigError when it has no secret."""
    # Imported here because they import boto3, the slowest import of a cold start.
    from aws_lambda_powertools.utilities import parameters
    from botocore.exceptions import ClientError

    try:
        # A key that was typed ends with its line.
        return str(parameters.get_secret(secret, max_age=300)).strip()
    except parameters.GetParameterError as error:
        cause = error.__context__
        answer = cause.response["Error"] if isinstance(cause, ClientError) else {"Code": ""}
        if answer["Code"] not in SECRET_REMEDIES:
            raise
        problem = f"the secret {secret} of the key group {key_group!r} cannot be read ({answer['Message']})"
        raise ConfigError(f"{problem}; {SECRET_REMEDIES[answer['Code']].format(secret)}") from error
