"""Athena: one query from its start to its end; values from a caller are passed as parameters only."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, ReadTimeoutError

from vitals.aws.clients import ClientConfig
from vitals.aws.runtime import SYSTEM, Runtime
from vitals.errors import AthenaError, TierTimeoutError, TooLargeError

# Hardly any query takes less than half a second, and the account's calls a second are limited.
_FIRST_POLL_S = 0.2
_LONGEST_POLL_S = 1.0


@dataclass(frozen=True, slots=True)
class Athena:
    """Queries of one database in one workgroup; `session` returns a boto3 session, None for the default."""

    database: str
    workgroup: str
    client_config: ClientConfig
    session: Callable[[], Any] = lambda: None
    runtime: Runtime = SYSTEM

    def run(
        self, sql: str, parameters: Sequence[str], timeout_s: float, go_on: Callable[[], None] = lambda: None
    ) -> dict[str, Any]:
        """Runs a query and returns Athena's description of it; `parameters` are texts without quotes.

        AthenaError when it fails, TooLargeError when it scans more than the workgroup allows, and
        TierTimeoutError when it does not end in time. `go_on` is called after each poll, and its errors
        end the query. A query that ends early is stopped.
        """
        end = self.runtime.monotonic() + timeout_s
        wr, session = self._wrangler()
        with _named_errors():
            execution = wr.athena.start_query_execution(
                sql,
                database=self.database,
                workgroup=self.workgroup,
                params=[literal(text) for text in parameters],
                paramstyle="qmark",
                boto3_session=session,
            )
            with _stopped_early(wr, session, execution):
                return self._wait(wr, session, execution, end, go_on)

    def frame(self, execution: str) -> Any:
        """Returns the result of an UNLOAD as a data frame, None when it is empty."""
        wr, session = self._wrangler()
        with _named_errors():
            try:
                return wr.athena.get_query_results(execution, boto3_session=session)
            except wr.exceptions.EmptyDataFrame:
                return None

    def _wrangler(self) -> tuple[Any, Any]:
        # Importing pandas and awswrangler takes a second or two, so only queries of Athena do it.
        import awswrangler as wr

        wr.config.botocore_config = self.client_config.botocore()
        return wr, self.session()

    def _wait(
        self, wr: Any, session: Any, execution: str, end: float, go_on: Callable[[], None]
    ) -> dict[str, Any]:
        for pause in self._pauses():
            details: dict[str, Any] = wr.athena.get_query_execution(execution, boto3_session=session)
            status = details["Status"]
            if status["State"] == "SUCCEEDED":
                return details
            if status["State"] in ("FAILED", "CANCELLED"):
                reason = status.get("StateChangeReason", status["State"])
                if "bytes scanned limit" in reason.lower():
                    raise TooLargeError(
                        "the query would scan more than AthenaScanLimitBytes; narrow the range"
                    )
                raise AthenaError("Athena failed to run the query; narrow the range or try again", reason)
            if self.runtime.monotonic() + pause > end:
                break
            go_on()
            self.runtime.sleep(pause)
        raise TierTimeoutError("Athena did not answer in time; narrow the range")

    def _pauses(self) -> Iterator[float]:
        pause = _FIRST_POLL_S
        while True:
            yield pause
            pause = min(pause * 1.5, _LONGEST_POLL_S)


def scanned_bytes(details: dict[str, Any]) -> int:
    """Returns the number of bytes that a query scanned, for which it is billed."""
    return int(details.get("Statistics", {}).get("DataScannedInBytes", 0))


def literal(text: str) -> str:
    """Returns the text as an SQL literal, because Athena reads a parameter as an SQL expression."""
    return "'" + text.replace("'", "''") + "'"


@contextlib.contextmanager
def _named_errors() -> Iterator[None]:
    """Raises errors of AWS as errors of this product."""
    try:
        yield
    except (ConnectTimeoutError, ReadTimeoutError) as error:
        raise TierTimeoutError("Athena did not answer in time; try again") from error
    except (ClientError, BotoCoreError) as error:
        raise AthenaError("Athena could not be reached; try again", str(error)) from error


@contextlib.contextmanager
def _stopped_early(wr: Any, session: Any, execution: str) -> Iterator[None]:
    try:
        yield
    except (AthenaError, TooLargeError):
        # It has ended by itself.
        raise
    except Exception:
        with contextlib.suppress(ClientError, BotoCoreError, TierTimeoutError):
            wr.athena.stop_query_execution(execution, boto3_session=session)
        raise
