"""Every error that this product raises on purpose.

VitalsError
├── ConfigError                  a setting is missing or invalid
├── InvalidRequestError          a parameter, key or range of a request is invalid
│   └── TooLargeError            … or matches more than one response can carry
├── NotAcceptableError           Accept names no format of the response
├── NotFoundError                a site, point, run or export does not exist
├── UnauthorizedError            the token has expired
├── ForbiddenError               the token does not grant the scope or the site
├── QueueRefusedError            SQS did not accept a message
├── BlockFormatError             bytes are not a block of a supported version
├── DayFileError                 the day file of a site cannot be read
│   ├── DayFileMissingError      … because it does not exist
│   ├── DayFileTruncatedError    … because it ends too early
│   ├── DayFileFormatError       … because it is not Parquet, or is corrupt
│   ├── DayFileVersionError      … because its schema has another version
│   ├── DayFileMismatchError     … because it belongs to another site or day, or has unknown points
│   ├── DayFileTooLargeError     … because it exceeds the size limit
│   └── RowCountError            … because Athena returned fewer or more rows than were archived
├── QualityFileError             the quality file of a day cannot be read
├── ArchiveVerificationError     a day file, read back, differs from what was written
├── ConflictError                an item or object changed during every attempt to update or read it
│   └── BlocksExistError         … a day to be archived without blocks has some
├── RunningError                 another backfill of the site is running
├── UnfinishedDayError           the backfill of a day ran out of time and needs another attempt
├── BusyError                    too many jobs of this kind are active
├── QuotaExceededError           a quota of the day is used up
├── CacheError                   the result cache cannot be read or written
├── AthenaError                  Athena refused a query, or the query failed
├── TierTimeoutError             a tier did not answer in time
└── UpstreamError                the ACE API gave no usable response
    ├── UpstreamRefusedError     … and a retry cannot succeed (401, 404, 422)
    ├── UpstreamUnavailableError … after all retries (429, 5xx, timeout, invalid body)
    ├── UpstreamCursorError      … because its cursors repeat or do not end
    └── CircuitOpenError         no request was sent, because the circuit is open
"""

TIME_LIMIT_REACHED = "time limit reached; request less data or try again"


class VitalsError(Exception):
    """Base of every error raised on purpose; its text is shown to people."""


class ConfigError(VitalsError):
    """Raised when settings are missing or invalid; the text names each of them."""


class InvalidRequestError(VitalsError):
    """Raised when a parameter, key or range of a request is invalid."""


class TooLargeError(InvalidRequestError):
    """Raised when a request matches more than one response can carry."""


class NotAcceptableError(VitalsError):
    """Raised when Accept names no format of the response."""


class NotFoundError(VitalsError):
    """Raised when a site, point, run or export does not exist."""


class BusyError(VitalsError):
    """Raised when too many jobs of one kind are active; retry when one of them has ended."""


class QuotaExceededError(VitalsError):
    """Raised when a quota of the day is used up; `retry_after_s` is the time until the next day."""

    def __init__(self, text: str, *, retry_after_s: int) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


class UnauthorizedError(VitalsError):
    """Raised when the token has expired."""


class ForbiddenError(VitalsError):
    """Raised when the token does not grant the scope or the site."""


class QueueRefusedError(VitalsError):
    """Raised when SQS does not take a message; a retry may succeed."""


class BlockFormatError(VitalsError):
    """Raised when bytes are not a block of a supported version."""


class DayFileError(VitalsError):
    """Raised when the day file of a site cannot be read."""


class DayFileMissingError(DayFileError):
    """Raised when the day file does not exist."""


class DayFileTruncatedError(DayFileError):
    """Raised when the day file starts correctly and ends too early."""


class DayFileFormatError(DayFileError):
    """Raised when the day file is not Parquet, or a column of it cannot be decoded."""


class DayFileVersionError(DayFileError):
    """Raised when the schema of the day file has another version, or none."""


class DayFileMismatchError(DayFileError):
    """Raised when the day file names another site or day than its key, or a point without an id."""


class DayFileTooLargeError(DayFileError):
    """Raised when the day file exceeds the size limit of the reader."""


class RowCountError(DayFileError):
    """Raised when Athena returned fewer or more rows of a day than were archived."""


class QualityFileError(VitalsError):
    """Raised when a quality file is damaged, or of another day or version."""


class ArchiveVerificationError(VitalsError):
    """Raised when a day file, read back, differs from what was written; that version is deleted."""


class ConflictError(VitalsError):
    """Raised when an item or object changed during every attempt to update or read it."""


class BlocksExistError(ConflictError):
    """Raised when a day that is to be archived without blocks has some."""


class RunningError(VitalsError):
    """Raised when another backfill of the site is running; `running_id` is its id."""

    def __init__(self, text: str, running_id: str) -> None:
        super().__init__(text)
        self.running_id = running_id


class UnfinishedDayError(VitalsError):
    """Raised when the backfill of a day runs out of time; the hours read so far are staged."""


class CacheError(VitalsError):
    """Raised when the result cache cannot be read or written; queries continue without it."""


class AthenaError(VitalsError):
    """Raised when Athena refuses a query or the query fails; Athena's reason is a note, for the log only."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.add_note(reason)


class TierTimeoutError(VitalsError):
    """Raised when a tier does not answer in time."""


class UpstreamError(VitalsError):
    """Raised when the ACE API gives no usable response."""


class UpstreamRefusedError(UpstreamError):
    """Raised when the ACE API refuses a request and a retry cannot succeed."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class UpstreamUnavailableError(UpstreamError):
    """Raised when the ACE API gives no usable response after all retries."""


class UpstreamCursorError(UpstreamError):
    """Raised when the cursors of the ACE API repeat, or lead to more pages than the limit."""


class CircuitOpenError(UpstreamError):
    """Raised instead of sending a request while the circuit is open."""
