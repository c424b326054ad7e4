"""The argument --states: numbers of state texts, as pairs or as a JSON file."""

import json
from collections.abc import Iterable
from pathlib import Path

from operations.errors import OperatorError


def read_states(argument: str) -> object:
    """Returns the states of `on=1,off=0`, or of the JSON file that an argument without `=` names."""
    return _states(map(_pair, argument.split(","))) if "=" in argument else _of_file(Path(argument))


def _states(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    """Returns the states by text; OperatorError for a repeated text."""
    states: dict[str, object] = {}
    for text, number in pairs:
        if text in states:
            raise OperatorError(f"the state {text!r} is repeated; give each state one number")
        states[text] = number
    return states


def _pair(text: str) -> tuple[str, float]:
    name, _, number = text.rpartition("=")
    try:
        return name, float(number)
    except ValueError:
        raise OperatorError(f"{text!r} is not a state and its number, as in on=1,off=0") from None


def _of_file(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_states)
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise OperatorError(f'{path} is not JSON, as in {{"on": 1, "off": 0}}') from None
