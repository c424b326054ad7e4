"""Every error this product raises on purpose.

VitalsError
├── ConfigError                  a setting is missing or malformed
├── InvalidRequestError          the caller asked for something that cannot be
│   └── TooLargeError            … because it is too much for one answer
├── NotAcceptableError           the caller takes none of the forms that the answer comes in
├── NotFoundError                the caller named a site or point that does not exist
├── UnauthorizedError            the token is not valid any more
├── ForbiddenError               the token does not grant this
├── BlockFormatError             stored bytes are not a block that this version reads
├── DayFileError                 a site-day of the archive cannot be read
│   ├── DayFileMissingError      … because there is no such object
│   ├── DayFileTruncatedError    … because it ends too early
│   ├── DayFileFormatError       … because it is not Parquet, or damaged
│   ├── DayFileVersionError      … because it is of another schema version
│   ├── DayFileMismatchError     … because it is of another site or day
│   ├── DayFileTooLargeError     … because it is larger than the limit
│   └── RowCountError            … in bulk: fewer or more rows came than it has
├── ArchiveVerificationError     a day's file, read back, is not what was built
├── ConflictError                an item or object kept changing under a bounded number of attempts
├── RunningError                 another backfill of the site is at work
├── UnfinishedDayError           a day's backfill ran out of time and goes on with the next attempt
├── BusyError                    so much of this is under way already that more has to wait
├── CacheError                   the result cache could not be read or written
├── AthenaError                  Athena refused or failed a query
├── TierTimeoutError             a tier did not answer within the time it was given
└── UpstreamError                the ACE API gave no usable answer
    ├── UpstreamRefusedError     … and asking again will not help (401, 404, 422)
    ├── UpstreamUnavailableError … now: 429, 5xx, timeouts, broken bodies, after the retries
    ├── UpstreamCursorError      … because its cursors loop or never end
    └── CircuitOpenError         it was not asked: it failed too often just before
"""


class VitalsError(Exception):
    """Base of every error raised on purpose; its text is for people."""


class ConfigError(VitalsError):
    """Settings are missing or malformed; the text names each of them."""


class InvalidRequestError(VitalsError):
    """The request contradicts itself or the limits."""


class TooLargeError(InvalidRequestError):
    """The request asks for more than one answer can carry."""


class NotAcceptableError(VitalsError):
    """None of the forms that the answer comes in is accepted."""


class NotFoundError(VitalsError):
    """The site or point does not exist here."""


class BusyError(VitalsError):
    """So much of this is under way already that more has to wait."""


class UnauthorizedError(VitalsError):
    """The token has expired."""


class ForbiddenError(VitalsError):
    """The token lacks the scope or the site."""


class BlockFormatError(VitalsError):
    """The bytes are not a block of a known version."""


class DayFileError(VitalsError):
    """The file of a site-day cannot be read."""


class DayFileMissingError(DayFileError):
    """There is no file of this site-day."""


class DayFileTruncatedError(DayFileError):
    """The file begins as a day file does and ends too early."""


class DayFileFormatError(DayFileError):
    """The bytes are not Parquet, or a part of them does not decode."""


class DayFileVersionError(DayFileError):
    """The file follows another version of the schema, or none."""


class DayFileMismatchError(DayFileError):
    """The file says that it is of another site or day than its name."""


class DayFileTooLargeError(DayFileError):
    """The file is larger than a reader is allowed to take in."""


class RowCountError(DayFileError):
    """A bulk read returned fewer or more rows of the day than the archive has."""


class ArchiveVerificationError(VitalsError):
    """The day's file, read back, is not what was built; it is taken back."""


class ConflictError(VitalsError):
    """A conditional write, or a read of one version, lost too many races."""


class RunningError(VitalsError):
    """Another backfill of the site is at work; `running_id` names it."""

    def __init__(self, text: str, running_id: str) -> None:
        super().__init__(text)
        self.running_id = running_id


class UnfinishedDayError(VitalsError):
    """A day's backfill ran out of time; what it read is staged."""


class CacheError(VitalsError):
    """The result cache could not be read or written; no query fails of it."""


class AthenaError(VitalsError):
    """Athena refused or failed a query; Athena's own reason is a note, for the log and not for strangers."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.add_note(reason)


class TierTimeoutError(VitalsError):
    """A tier did not answer within the time it was given."""


class UpstreamError(VitalsError):
    """The ACE API gave no usable answer."""


class UpstreamRefusedError(UpstreamError):
    """The ACE API refused the request; a retry would be refused too."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class UpstreamUnavailableError(UpstreamError):
    """The ACE API did not answer properly within the retries."""


class UpstreamCursorError(UpstreamError):
    """The ACE API's paging loops or exceeds the page cap."""


class CircuitOpenError(UpstreamError):
    """The ACE API failed too often just before and was not asked."""
