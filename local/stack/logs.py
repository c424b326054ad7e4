"""Errors that show the end of a log."""

from pathlib import Path

from operations.errors import OperatorError

_SHOWN_LINES = 25


def error_with_log(text: str, log: Path) -> OperatorError:
    """Returns an error with the last lines of a log."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    shown = (f"  | {line}" for line in lines[-_SHOWN_LINES:])
    return OperatorError("\n".join([f"{text}; end of {log}:", *shown]))
