"""The checks of the API with a token of their own: the token, a chart and an export."""

import contextlib
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import requests

from operations.smoke.checks import Deadline, ProblemError
from operations.smoke.day_file import Archive, columns, same_samples
from operations.smoke.target import Target
from operations.token_lifecycle import Tokens
from vitals.model.timespan import MINUTE_MS, iso
from vitals.store import keys
from vitals_client import Client
from vitals_client.errors import FailedError, VitalsError, VitalsWarning

# No site of an operator has this name: a request for it with a token that grants it is answered 404.
ABSENT_SITE = "smoke.absent"
_NAME = "smoke"
_SCOPES = ("read", "export")
_LIFE_MS = 20 * MINUTE_MS
# API Gateway accepts a new key after a few seconds.
_TOKEN_SECONDS = 90
_EXPORT_SECONDS = 300
_END_SECONDS = 60
_ANSWER_SECONDS = 35


@dataclass(slots=True)
class SmokeToken:
    """A token for one site that lives for minutes; `revoke` ends it."""

    target: Target
    tokens: Tokens
    site: str
    deadline: Deadline
    secret: str = ""

    def create(self) -> str:
        """Creates the token, and waits until the API accepts it."""
        self.secret = self.tokens.create(_NAME, _SCOPES, [self.site, ABSENT_SITE], _LIFE_MS)
        status = 0

        def accepted() -> bool:
            nonlocal status
            headers = {"Authorization": f"Bearer {self.secret}"}
            status = requests.get(
                f"{self.target.api}/sites", headers=headers, timeout=_ANSWER_SECONDS
            ).status_code
            return status == 200

        if not self.deadline.poll(_TOKEN_SECONDS, accepted, pause_s=2):
            raise ProblemError(
                f"the API answers {status} to a new token. Read the logs of AuthorizerFunction and "
                "QueryFunction"
            )
        return "the API accepts a new token"

    def revoke(self) -> str:
        """Revokes the token if there is one."""
        if not self.secret:
            return "nothing to remove"
        sha256 = keys.token_hash(self.secret)
        try:
            self.tokens.revoke(self.tokens.find(sha256))
        except Exception as error:
            raise ProblemError(
                f"the token was not revoked ({error}). It expires within {_LIFE_MS // MINUTE_MS} minutes; "
                f"or: vitals token revoke {sha256[-8:]}{self.target.option}"
            ) from None
        return "the token is revoked"


@dataclass(frozen=True, slots=True)
class ApiChecks:
    """A chart and an export of the archived day, compared with its file; `connect` makes a client."""

    archive: Archive
    connect: Callable[[], Client]
    deadline: Deadline

    def chart(self) -> str:
        """Queries every sample of one point."""
        file = self.archive.file
        name, span = file.longest_point(), file.day.span
        with self.connect() as client, _without_warnings():
            table = client.query(
                file.day.site, [name], iso(span.start_ms), iso(span.end_ms), resolution="raw"
            )
        expected = file.point(name)
        if len(table) < len(expected):
            missing = len(expected) - len(table)
            raise ProblemError(
                f"the chart of {name} lacks {missing} of the {len(expected)} samples in the file of "
                f"{file.day}. If HotTable was replaced, mark its days by `vitals restore days` "
                "(docs/restore.md, case 1). If not, read the log of QueryFunction"
            )
        self._compare(f"the chart of {name}", columns(table), expected, "QueryFunction")
        return f"{len(table)} samples of {name} equal the file"

    def export(self) -> str:
        """Exports every point of one hour, downloads the files and removes the export."""
        file, span = self.archive.file, self.archive.file.hour()
        with self.connect() as client, tempfile.TemporaryDirectory() as folder:
            export = client.exports.create(file.day.site, [], iso(span.start_ms), iso(span.end_ms))["id"]
            try:
                client.exports.wait(export, timeout_s=self.deadline.limit(_EXPORT_SECONDS))
                table = _joined(client.exports.download(export, folder))
            except FailedError as error:
                raise ProblemError(
                    f"{error}. Read the log of ExportFunction, message `export failed`"
                ) from None
            finally:
                self._remove(client, export)
        self._compare(f"the export from {iso(span.start_ms)}", table, file.within(span), "ExportFunction")
        return f"{len(table)} samples from {iso(span.start_ms)} on equal the file"

    def _compare(self, subject: str, answer: pa.Table, expected: pa.Table, function: str) -> None:
        if not same_samples(answer, expected):
            day = self.archive.file.day
            raise ProblemError(
                f"{subject} has {len(answer)} samples, which differ from the {len(expected)} of the file of "
                f"{day}. Run the command again; if it repeats, read the log of {function}"
            )

    def _remove(self, client: Client, export: str) -> None:
        """Cancels the export if it is running, and removes it with its files."""
        with contextlib.suppress(VitalsError):
            if client.exports.cancel(export)["status"] == "removed":
                return
            ended = ("completed", "failed", "cancelled")
            if self.deadline.poll(_END_SECONDS, lambda: client.exports.get(export)["status"] in ended):
                client.exports.cancel(export)


def _joined(paths: list[Path]) -> pa.Table:
    """Returns the rows of the files of an export, by point, then time."""
    if not paths:
        raise ProblemError("the export has no file. Read the log of ExportFunction")
    table = pa.concat_tables([columns(pq.read_table(path)) for path in paths])
    return table.sort_by([("point_name", "ascending"), ("time_ms", "ascending")])


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """Ignores warnings of the client: a gap in a day is a gap in its file too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VitalsWarning)
        yield
