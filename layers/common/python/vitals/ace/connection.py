"""The client of the ACE API for handlers: key from Secrets Manager, pace shared in the state table."""

from collections.abc import Callable
from typing import Protocol

from vitals.ace.client import AceClient
from vitals.ace.pacing import KeyPaces, LivePace
from vitals.aws.runtime import Runtime
from vitals.errors import ConfigError
from vitals.model.key_group import secret_name
from vitals.store.control.rate_limit import SharedPace

# What Secrets Manager answers for a secret that does not exist, and for one that will be deleted.
_REMEDIES = {
    "ResourceNotFoundException": "create it: aws secretsmanager create-secret --name {} --secret-string KEY",
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
    own: KeyPaces | None = None,
) -> AceClient:
    """Returns a client with the key of a key group.

    It has its `own` pace, which delays the others of the group, or the shared pace of the group.
    """
    shared = SharedPace(
        runtime.client("dynamodb"),
        settings.state_table,
        settings.ace_api_url,
        settings.requests_per_minute,
        runtime,
        key_group=key_group,
        remaining_s=remaining_s,
    )
    return AceClient(
        settings.ace_api_url,
        _key(secret_name(settings.ace_secret_name, key_group), key_group),
        LivePace(own.select(key_group), shared) if own else shared,
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
        return str(parameters.get_secret(secret, max_age=300))
    except parameters.GetParameterError as error:
        cause = error.__context__
        answer = cause.response["Error"] if isinstance(cause, ClientError) else {"Code": ""}
        if answer["Code"] not in _REMEDIES:
            raise
        problem = f"the secret {secret} of the key group {key_group!r} cannot be read ({answer['Message']})"
        raise ConfigError(f"{problem}; {_REMEDIES[answer['Code']].format(secret)}") from error
