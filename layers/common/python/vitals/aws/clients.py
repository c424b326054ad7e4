"""AWS clients as this product uses them: short timeouts, standard retries, a connection per worker.

Made from botocore, because importing boto3 adds its S3 transfer manager to every cold start (80 ms). The
first client imports botocore; the pages of the API need none.
"""

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from vitals.errors import TIME_LIMIT_REACHED, TierTimeoutError

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.session import Session


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """Seconds that a client waits, and how often it tries."""

    connect_timeout: float
    read_timeout: float
    attempts: int
    connections: int = 10

    def botocore(self, **options: Any) -> "Config":
        """Returns the configuration as botocore takes it."""
        import botocore
        from botocore.config import Config

        return Config(
            # botocore composes its own one for each request anew, a fifth of the CPU of a request.
            user_agent=f"vitals Botocore/{botocore.__version__}",
            connect_timeout=self.connect_timeout,
            read_timeout=self.read_timeout,
            retries={"mode": "standard", "total_max_attempts": self.attempts},
            max_pool_connections=self.connections,
            **options,
        )


# For work in the background.
CONFIG = ClientConfig(connect_timeout=3, read_timeout=10, attempts=5, connections=32)
# For answers to people: a call that hangs fails after 15 s and the pauses between its attempts.
PROMPT = ClientConfig(connect_timeout=1, read_timeout=4, attempts=3, connections=32)
# For the authorizer, whose 5 s are part of every answer's 29.
BRIEF = ClientConfig(connect_timeout=1, read_timeout=1, attempts=2)
# API Gateway waits 29 s. The last call begins within this time, and ends or fails 5 s later.
ANSWER_S = 20.0


class Deadline:
    """The time until which calls to AWS for one answer may begin; unlimited outside `within`."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._end = math.inf

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Limits the calls of all threads in the `with` block; a function answers one request at a time."""
        self._end = self._monotonic() + seconds
        try:
            yield
        finally:
            self._end = math.inf

    def left_s(self) -> float:
        """Returns the remaining seconds, which may be infinite."""
        return self._end - self._monotonic()

    def check(self) -> None:
        """Raises TierTimeoutError after the limit."""
        if self.left_s() <= 0:
            raise TierTimeoutError(TIME_LIMIT_REACHED)


deadline = Deadline()


def client(service: str, config: ClientConfig = CONFIG) -> Any:
    """Returns the one client of a service, with the region and credentials of the environment."""
    return made_client(service, config)


# Separate from `client`, because the cache takes a passed default and an omitted one for two clients.
@cache
def made_client(service: str, config: ClientConfig) -> Any:
    """Returns the client of a service with exactly this configuration."""
    # botocore's own choice for presigned links is version 2, which most regions refuse.
    options = {"signature_version": "s3v4"} if service == "s3" else {}
    made = _session().create_client(service, config=config.botocore(**options))
    # It imports botocore.
    from vitals.aws import first_attempt

    first_attempt.install(made, _session().get_credentials())
    return made


@cache
def boto3_session() -> Any:
    """Returns a boto3 session that shares the clients' botocore session."""
    import boto3

    return boto3.Session(botocore_session=_session())


@cache
def _session() -> "Session":
    from botocore.session import Session

    session = Session()
    session.register("before-send", check_deadline)
    return session


def check_deadline(**event: Any) -> None:
    """Raises TierTimeoutError before an attempt after the limit, as a function for botocore's before-send."""
    from vitals.aws import first_attempt

    if not first_attempt.is_made(event["request"]):
        deadline.check()
