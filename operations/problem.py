"""The one error of the local tools: a text that tells a person what to do."""

from pathlib import Path

_TAIL_LINES = 25


class Problem(Exception):
    """Something that the person at the keyboard can put right; shown without a traceback."""


def with_log(text: str, log: Path) -> Problem:
    """The problem with the last lines of the log that explains it."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return Problem(
        "\n".join([f"{text}; the end of {log}:", *(f"  | {line}" for line in lines[-_TAIL_LINES:])])
    )
