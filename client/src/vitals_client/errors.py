"""Every error of the client, grouped by what a caller can do about it.

VitalsError
    SetupError              no API address or token is configured
    RefusedError            the API refuses the request; a retry is refused too
        InvalidRequestError
        UnauthorizedError
        ForbiddenError
        NotFoundError
        ConflictError       another backfill is running: `running_id`
        TooLargeError
    UnavailableError        the API cannot answer now; a later retry may succeed
        RateLimitedError    `retry_after_s` is the time to wait
        UnansweredError     no response, or one that is not the API's
    FailedError             an export failed, or a result has too many pages
"""


class VitalsError(Exception):
    """An error with a text for people, and the status, code and request ID of a response if there is one."""

    def __init__(self, text: str, *, status: int | None = None, code: str = "", request_id: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.status = status
        self.code = code
        self.request_id = request_id

    def __str__(self) -> str:
        # The ID finds the request in the API's log. Only for errors of the server is that of use.
        request = f"request {self.request_id}" if self.request_id and (self.status or 0) >= 500 else ""
        details = ", ".join(detail for detail in (self.code, request) if detail)
        return f"{self.text} ({details})" if details else self.text


class SetupError(VitalsError):
    """No API address or token is configured, or one of them is invalid."""


class RefusedError(VitalsError):
    """The API refuses the request; a retry is refused too."""


class InvalidRequestError(RefusedError):
    """A parameter is invalid."""


class UnauthorizedError(RefusedError):
    """The token is unknown, revoked or expired."""


class ForbiddenError(RefusedError):
    """The token lacks the scope or the site."""


class NotFoundError(RefusedError):
    """The site, point, export or backfill does not exist, or the token may not read it."""


class TooLargeError(RefusedError):
    """The request or its result is too large; an export has no such limit."""


class ConflictError(RefusedError):
    """Another backfill of the site is running; `running_id` is its ID."""

    running_id: str | None = None


class UnavailableError(VitalsError):
    """The API cannot answer now; a later retry may succeed."""


class RateLimitedError(UnavailableError):
    """Too many requests; `retry_after_s` is the time to wait, None when the API does not say."""

    retry_after_s: float | None = None


class UnansweredError(UnavailableError):
    """No response, or one that is not the API's; the request may have been carried out."""


class FailedError(VitalsError):
    """An export failed or timed out, or a result has too many pages."""


class VitalsWarning(UserWarning):
    """Something is missing in a result; the text is the API's."""
