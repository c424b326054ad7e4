"""The symbols that Project Haystack has for units, where they differ from ours."""

from collections.abc import Mapping

from vitals.model import units
from vitals.model.haystack.scanner import is_unit

_SYMBOLS: Mapping[str, str] = {
    "ton": "tonref",
    "ton·h": "tonrefh",
    "varh": "VARh",
    "kvarh": "kVARh",
    "Mvarh": "MVARh",
    "MVA": "mVA",
    "var": "VAR",
    "kvar": "kVAR",
    "Mvar": "MVAR",
    "ml": "mL",
    "l": "L",
    "imp gal": "galUK",
    "CCF": "Ccf",
    "l/s": "L/s",
    "l/min": "L/min",
    "l/h": "L/h",
    "gpm": "gal/min",
    "mi": "mile",
    "% RH": "%RH",
    "°": "deg",
    "d": "day",
}


def haystack_unit(text: str) -> str:
    """Returns Haystack's symbol of a unit, the unit's own where Haystack has none.

    "" for no unit, and for a text that a number cannot be written with.
    """
    symbol = units.symbol(text)
    symbol = _SYMBOLS.get(symbol, symbol)
    return symbol if is_unit(symbol) else ""
