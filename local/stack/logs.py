"""Errors that show the end of a log."""

from pathlib import Path

from operations.problem import Problem

_SHOWN_LINES = 25


def error_with_log(text: str, log: Path) -> Problem:
    """Returns the error with the last lines of the log."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    shown = (f"  | {line}" for line in lines[-_SHOWN_LINES:])
    return Problem("\n".join([f"{text}; the end of {log}:", *shown]))
