"""Checks in their order: each is OK, says what to do, or is skipped because it needs one that is not OK."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from botocore.exceptions import ClientError

Status = Literal["OK", "TO DO", "SKIPPED"]

_WIDTH = len("SKIPPED")
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403")


class ProblemError(Exception):
    """A check is not OK; the text says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: `run` returns what it saw, or raises; it runs only if the checks of `needs` are OK."""

    name: str
    run: Callable[[], str]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """The status of a check, with what it saw or what to do."""

    check: str
    status: Status
    text: str

    def __str__(self) -> str:
        return f"{self.status:<{_WIDTH}}  {self.check}: {self.text}"


@dataclass(frozen=True, slots=True)
class Deadline:
    """The time limit of the whole command; `monotonic` gives seconds."""

    end: float
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]

    def limit(self, seconds: float) -> float:
        """Returns how long a wait of at most so many seconds may take; ProblemError when no time is left."""
        remaining = self.end - self.monotonic()
        if remaining <= 0:
            raise ProblemError("not tried, because the time limit is reached. Run the command again")
        return min(seconds, remaining)

    def poll(self, seconds: float, ended: Callable[[], bool], pause_s: float = 1) -> bool:
        """Calls `ended` until it is true or the time is over; returns whether it was."""
        end = self.monotonic() + self.limit(seconds)
        while not ended():
            if self.monotonic() + pause_s > end:
                return False
            self.sleep(pause_s)
        return True


def results(checks: Sequence[Check], clean_up: Check) -> Iterator[Result]:
    """Yields the result of each check as soon as it is there, and at the end that of `clean_up`."""
    passed: set[str] = set()
    try:
        for check in checks:
            result = _result(check, passed)
            if result.status == "OK":
                passed.add(check.name)
            yield result
    except BaseException:
        # Also when the command is interrupted, or its reader has gone.
        _result(clean_up, passed)
        raise
    yield _result(clean_up, passed)


def _result(check: Check, passed: set[str]) -> Result:
    missing = [name for name in check.needs if name not in passed]
    if missing:
        return Result(check.name, "SKIPPED", f"needs {' and '.join(missing)}")
    try:
        return Result(check.name, "OK", check.run())
    except Exception as error:
        # A check of a broken stack may fail in any way, and the other checks still say something.
        return Result(check.name, "TO DO", problem(error))


def problem(error: Exception) -> str:
    """Returns what is wrong and what to do, on one line."""
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "")
        if code in _DENIED:
            return _line(f"{error}. Add the permission to your credentials (docs/deploy.md, Permissions)")
        return _line(f"{error}. Run the command again when AWS answers")
    return _line(str(error) if isinstance(error, ProblemError) else f"{type(error).__name__}: {error}")


def _line(text: str) -> str:
    return " ".join(text.split())
