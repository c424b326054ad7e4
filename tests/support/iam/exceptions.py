"""What the template allows although no function calls it, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.support.iam.evaluation import Grant


@dataclass(frozen=True, slots=True)
class Uncalled:
    """Grants that no function uses itself, as patterns of their function, sid, subject and value."""

    reason: str
    function: str
    sid: str
    subject: str = "*"
    value: str = "*"

    def covers(self, function: str, grant: Grant) -> bool:
        """Returns whether this is the exception for a grant of a function."""
        pairs = zip((function, *grant), (self.function, self.sid, self.subject, self.value), strict=True)
        return all(fnmatchcase(text, pattern) for text, pattern in pairs)


_RECEIVING = "Lambda receives the messages of a queue with the role of the function that it invokes."
_ATHENA = "Athena reads the table and its files, and writes its results, with the role of the caller."
_READERS = ("ExportFunction", "QueryFunction")

UNCALLED: tuple[Uncalled, ...] = (
    Uncalled(_RECEIVING, "EtlFunction", "ReceiveSyncs"),
    Uncalled(_RECEIVING, "ArchivalFunction", "ReceiveDays"),
    Uncalled(_RECEIVING, "ExportFunction", "ReceiveExports"),
    *(Uncalled(_ATHENA, function, "ReadTheTable") for function in _READERS),
    *(Uncalled(_ATHENA, function, "FindTheBucket") for function in _READERS),
    *(
        Uncalled(_ATHENA, function, "ReadAndWriteQueryResults", f"s3:{action}")
        for function in _READERS
        for action in ("PutObject", "AbortMultipartUpload", "ListMultipartUploadParts")
    ),
    Uncalled(_ATHENA, "ExportFunction", "ListThem", "s3:prefix", "athena/*"),
    Uncalled(_ATHENA, "QueryFunction", "ListDayFilesAndQueryResults", "s3:prefix", "athena/*"),
    Uncalled(
        "The function lists nothing. The condition needs a value, which narrows the permission to its files.",
        "ArchivalFunction",
        "TellMissingFromForbidden",
        "s3:prefix",
    ),
)


def covering(function: str, grant: Grant, exceptions: Iterable[Uncalled]) -> list[Uncalled]:
    """Returns the exceptions for a grant of a function."""
    return [exception for exception in exceptions if exception.covers(function, grant)]
