"""The kind of a point: what its numbers mean, derived from what the upstream lists of it."""

import re
from collections.abc import Iterable, Mapping
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
# Other object types by their numbers in the BACnet standard are analog.
_NUMBERS: Mapping[str, Kind] = {
    **dict.fromkeys(("3", "4", "5", "55"), "binary"),
    **dict.fromkeys(("13", "14", "19", "21", "22"), "multistate"),
    **dict.fromkeys(("23", "24"), "counter"),
}
# Type names of other systems contain these: Niagara's BooleanWritable and EnumPoint.
_TYPE_WORDS: tuple[tuple[str, Kind], ...] = (
    ("setpoint", "setpoint"),
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
    """
    return _of_object(object_type, point_type) or _of_tags(_values(tags)) or _of_unit(unit) or "analog"


def _of_object(object_type: str, point_type: str) -> Kind | None:
    """Returns the kind that an object type or type decides; an analog object may be a setpoint or counter."""
    if object_type.isdigit():
        return _NUMBERS.get(object_type)
    for text in (object_type, point_type):
        # `object-analog-input` and `ObjectType.analogInput` too.
        name = bacnet.object_type(re.sub(r"(?i)^\s*object[\s_-]?(type)?[\s_.:-]*", "", text).strip())
        if name is not None:
            return _OBJECT_KINDS.get(name)
    words = re.sub("[^a-z]", "", point_type.lower())
    return next((kind for word, kind in _TYPE_WORDS if word in words), None)


def _values(tags: Iterable[str]) -> Mapping[str, str]:
    """Returns the values of tags by name, in lower case; those of markers are empty."""
    pairs = (tag.lower().partition("=") for tag in tags)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _of_tags(values: Mapping[str, str]) -> Kind | None:
    kind = _HAYSTACK_KINDS.get(values.get("kind", "").removeprefix("s:"))
    if kind is not None:
        return kind
    if "enum" in values:
        return "multistate"
    markers = {name for name, value in values.items() if value in _MARKER_VALUES}
    if markers & {"sp", "setpoint"}:
        return "setpoint"
    return "counter" if markers & {"totalized", "histotalized"} else None


def _of_unit(unit: str) -> Kind | None:
    counted = units.dimension(unit) in _COUNTED or unit.strip().lower() in _COUNTED_UNITS
    return "counter" if counted else None
