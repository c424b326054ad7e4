"""The kind of a point: what its numbers mean, derived from what the upstream lists of it."""

import re
from collections.abc import Iterable, Mapping, Set
from functools import lru_cache
from typing import Literal, get_args

from vitals.model import bacnet, units

Kind = Literal["binary", "multistate", "analog", "counter", "setpoint"]
KINDS: tuple[Kind, ...] = get_args(Kind)

# A few sites of the largest known size.
_CACHED = 20_000
# Object types that are not listed here, and those that are unknown, are analog unless unit or tags differ.
_OBJECT_KINDS: Mapping[str, Kind] = {
    **{f"binary {form}": "binary" for form in ("input", "output", "value", "lighting output")},
    **{f"multi-state {form}": "multistate" for form in ("input", "output", "value")},
    **{f"life safety {form}": "multistate" for form in ("point", "zone")},
    "accumulator": "counter",
    "pulse converter": "counter",
}
_OUTPUT = "analog output"
# By their numbers in the BACnet standard; the others are analog.
_NUMBERS: Mapping[str, str] = {
    "1": _OUTPUT,
    "3": "binary input",
    "4": "binary output",
    "5": "binary value",
    "13": "multi-state input",
    "14": "multi-state output",
    "19": "multi-state value",
    "21": "life safety point",
    "22": "life safety zone",
    "23": "accumulator",
    "24": "pulse converter",
    "55": "binary lighting output",
}
# Type names of other systems contain these: Niagara's BooleanWritable and EnumPoint.
_SETPOINT: tuple[str, Kind] = ("setpoint", "setpoint")
_TYPE_WORDS: tuple[tuple[str, Kind], ...] = (
    _SETPOINT,
    ("binary", "binary"),
    ("bool", "binary"),
    ("digital", "binary"),
    ("multistate", "multistate"),
    ("enum", "multistate"),
    ("counter", "counter"),
    ("accumulator", "counter"),
    ("totalizer", "counter"),
)
_HAYSTACK_KINDS: Mapping[str, Kind] = {"bool": "binary", "boolean": "binary", "str": "multistate"}
# As Haystack and its exports write the value of a marker.
_MARKER_VALUES = {"", "m:", "m", "marker", "true", "✓"}
# What a meter counts. MBTU is 1,000 or 1,000,000 BTU, so it cannot be converted, but it is energy.
_COUNTED = {"energy", "apparent energy", "reactive energy", "volume"}
_COUNTED_UNITS = {"mbtu"}


@lru_cache(_CACHED)
def derived(object_type: str, point_type: str, unit: str, tags: tuple[str, ...]) -> Kind:
    """Returns the kind of a point from its BACnet object type, the upstream's type, its unit and tags.

    The first rule that applies decides: object type or type, then tags, then unit; otherwise it is analog.
    Neither tags nor a unit make an output a counter.
    """
    name, words = _object_name(object_type, point_type), _lower_letters(point_type)
    values, marked = _values(tags), markers(tags)
    output = is_output(object_type, point_type, tags)
    kind = _of_type(name, words) or _of_values(values) or _of_markers(marked, is_output=output)
    return kind or (None if output else _of_unit(unit)) or "analog"


@lru_cache(_CACHED)
def is_output(object_type: str, point_type: str, tags: tuple[str, ...]) -> bool:
    """Returns whether a point is an actuator: its type is an output, or it has the marker `cmd`."""
    words = _lower_letters(f"{object_type} {point_type}")
    is_named = "output" in words or (_object_name(object_type, point_type) or "").endswith("output")
    return is_named or "cmd" in markers(tags)


def markers(tags: Iterable[str]) -> Set[str]:
    """Returns the names of the tags that are markers, in lower case."""
    return {marker for marker, value in _values(tags).items() if value in _MARKER_VALUES}


def _lower_letters(text: str) -> str:
    return re.sub("[^a-z]", "", text.lower())


def _object_name(object_type: str, point_type: str) -> str | None:
    """Returns BACnet's name of the object type; "" for another number, None where neither text is one."""
    if object_type.isdigit():
        return _NUMBERS.get(object_type, "")
    # `object-analog-input` and `ObjectType.analogInput` too.
    texts = (re.sub(r"(?i)^\s*object[\s_-]?(type)?[\s_.:-]*", "", text) for text in (object_type, point_type))
    names = (bacnet.object_type(text.strip()) for text in texts)
    return next((name for name in names if name is not None), None)


def _of_type(name: str | None, words: str) -> Kind | None:
    """Returns the kind that an object type or type decides; an analog object may be a setpoint."""
    if kind := _OBJECT_KINDS.get(name or ""):
        return kind
    type_words = _TYPE_WORDS if name is None else (_SETPOINT,)
    return next((kind for word, kind in type_words if word in words), None)


def _values(tags: Iterable[str]) -> Mapping[str, str]:
    """Returns the values of tags by name, in lower case; those of markers are empty."""
    pairs = (tag.lower().partition("=") for tag in tags)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _of_values(values: Mapping[str, str]) -> Kind | None:
    kind = _HAYSTACK_KINDS.get(values.get("kind", "").removeprefix("s:"))
    return "multistate" if kind is None and "enum" in values else kind


def _of_markers(markers: Set[str], *, is_output: bool) -> Kind | None:
    if markers & {"sp", "setpoint"}:
        return "setpoint"
    return "counter" if markers & {"totalized", "histotalized"} and not is_output else None


def _of_unit(unit: str) -> Kind | None:
    counted = units.dimension(unit) in _COUNTED or unit.strip().lower() in _COUNTED_UNITS
    return "counter" if counted else None
