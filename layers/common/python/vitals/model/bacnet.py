"""BACnet's object types, however an upstream spells them."""

import re

_NAMES = (
    *(
        f"{kind} {way}"
        for kind in ("analog", "binary", "multi-state")
        for way in ("input", "output", "value")
    ),
    *("accumulator", "averaging", "calendar", "command", "loop", "program", "schedule", "trend log"),
    *("pulse converter", "integer value", "positive integer value", "large analog value"),
    *("characterstring value", "bitstring value", "lighting output", "life safety point", "timer"),
    *("binary lighting output", "life safety zone"),
)
_SHORT = {
    "ai": "analog input",
    "ao": "analog output",
    "av": "analog value",
    "bi": "binary input",
    "bo": "binary output",
    "bv": "binary value",
    **{short: "multi-state input" for short in ("mi", "msi")},
    **{short: "multi-state output" for short in ("mo", "mso")},
    **{short: "multi-state value" for short in ("mv", "msv")},
}
# By their letters alone: analogInput, analog-input and ANALOG_INPUT are one type.
_TYPES = {re.sub("[^a-z]", "", name): name for name in _NAMES} | _SHORT


def object_type(text: str) -> str | None:
    """Returns the BACnet object type that a text names, however it is spelled: `analog input`."""
    return (
        _TYPES.get(re.sub("[^a-z]", "", text.lower()))
        if re.fullmatch(r"[A-Za-z][A-Za-z _-]*", text)
        else None
    )
