"""What goes wrong, by what a caller can do about it.

VitalsError
    SetupError              where the API is, or with which token, is not known
    RefusedError            the API will not do it; the same again is refused again
        InvalidRequestError
        UnauthorizedError
        ForbiddenError
        NotFoundError
        ConflictError       something else is at work: `running_id`
        TooLargeError
    UnavailableError        not now; a later try may do
        RateLimitedError    `retry_after_s` says when
        UnansweredError     no answer, or none of the API's own
    FailedError             what was started has ended badly, or what is read does not end
"""


class VitalsError(Exception):
    """Something that the caller can put right or has to know of, in words for people."""

    def __init__(self, text: str, *, status: int | None = None, code: str = "", request_id: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.status = status
        self.code = code
        self.request_id = request_id

    def __str__(self) -> str:
        # The id finds the request in the API's log, which helps where the caller did nothing wrong.
        asked = f"request {self.request_id}" if self.request_id and (self.status or 0) >= 500 else ""
        beside = ", ".join(part for part in (self.code, asked) if part)
        return f"{self.text} ({beside})" if beside else self.text


class SetupError(VitalsError):
    """Where the API is, or with which token to ask it, is not known."""


class RefusedError(VitalsError):
    """The API will not do it; the same again is refused again."""


class InvalidRequestError(RefusedError):
    """What was asked makes no sense to the API."""


class UnauthorizedError(RefusedError):
    """The token is unknown, revoked or expired."""


class ForbiddenError(RefusedError):
    """The token lacks the scope or the site."""


class NotFoundError(RefusedError):
    """There is no such site, point, export or backfill, or the token may not see it."""


class TooLargeError(RefusedError):
    """More than one answer or request carries; an export takes it."""


class ConflictError(RefusedError):
    """Something else is at work: `running_id`."""

    running_id: str | None = None


class UnavailableError(VitalsError):
    """The API can't do it now; a later try may do."""


class RateLimitedError(UnavailableError):
    """Too many requests; `retry_after_s` says when to ask again."""

    retry_after_s: float | None = None


class UnansweredError(UnavailableError):
    """The API gave no answer, or none of its own; whether it did what was asked is not known."""


class FailedError(VitalsError):
    """What was started has ended badly, or what is read does not end."""


class VitalsWarning(UserWarning):
    """Something is missing in an answer, in the words of the API."""
