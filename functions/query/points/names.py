"""Makes names of points that people can read, by rules, from BACnet and Niagara data or the point's own name.

A text that no rule covers for certain is not changed: abbreviations, capitals, mixed words like `ZnTempSp`.
"""

import re

from vitals.model.bacnet import object_type

_TYPE_AND_INSTANCE = re.compile(r"([A-Za-z][A-Za-z _-]{0,40}?)[\s:_,#.-]{0,3}(\d*)")
_NOTHING = {
    "",
    "none",
    "null",
    "n/a",
    "na",
    "-",
    "--",
    "?",
    "undefined",
    "unknown",
    "no description",
    "description",
}

# The folders of a Niagara station above every point, and the slots below every point.
_FOLDERS = {"drivers", "points", "config", "services", "logic", "virtual", "histories"}
_SLOTS = {"out", "value", "presentValue"}
_ORD = re.compile(r"(?:^|\|)(?:slot|history):(?!.*(?:slot|history):)([^|]*)$")
_ESCAPE = re.compile(r"\$(?:u([0-9a-fA-F]{4})|([0-9a-fA-F]{2}))")

# A split at the humps is a guess unless each part is a word of three letters and more, or an abbreviation.
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PART = re.compile(r"[A-Za-z][a-z]{2,}\d*|[A-Z]{2,}\d*")
_BRANDS = ("BACnet", "LonWorks", "EnOcean")

# Site and engine of a Metasys reference: ADX-1:NAE-2/FC-1.VAV-12.ZN-T
_METASYS = re.compile(r"(?:[^/:]+:)?[^/:.]+/([^/]+\.[^/]+)")
# Network and address, then the device's number: 8000:33-8033, 10.0.4.17:47808-1201
_BACNET_DEVICE = re.compile(r"[\d.:]+-(\d+)")
_PLAIN_WORDS = re.compile(r"[a-z]+(?:_[a-z]+)*(?:\.[a-z]+(?:_[a-z]+)*)+")


def display_name(name: str, site: str = "", object_name: str = "", description: str = "") -> str:
    """Returns the description, or else the object's name, or else what the point's own name contains.

    An object's name that starts with the description, and continues as with a number, comes before it.
    """
    longer = object_name.strip().casefold().startswith(description.strip().casefold())
    for text in (object_name, description) if longer else (description, object_name):
        if _is_specific(text):
            return _label(text)
    label = _from_name(name, site) or name
    # A label of blanks or invisible characters is shown as Python writes it.
    return (
        label
        if any(character.isprintable() and not character.isspace() for character in label)
        else repr(name)
    )


def _is_specific(text: str) -> bool:
    """Returns whether a text says more than that there is an object: `ANALOG INPUT 5` and `n/a` do not."""
    text = text.strip()
    if text.casefold() in _NOTHING or not any(character.isalpha() for character in text):
        return False
    match = _TYPE_AND_INSTANCE.fullmatch(text)
    return match is None or object_type(match[1]) is None


def _label(text: str) -> str:
    """Returns one name as words."""
    metasys = _METASYS.fullmatch(text.strip())
    if metasys:
        return " ".join(_label(name) for name in metasys[1].split(".")[-2:])
    # Names that Niagara escaped have no spaces; descriptions with a price ($20) have.
    plain = text if re.search(r"\s", text.strip()) else unescaped(text.strip())
    printable = "".join(character if character.isprintable() else " " for character in plain)
    return " ".join(_split(word) for word in re.split(r"[\s_]+", printable) if word)


def _split(word: str) -> str:
    """Returns `SupplyAirTemp` as three words."""
    parts = _HUMP.sub(" ", word).split()
    certain = all(map(_PART.fullmatch, parts)) and any(name[1].islower() for name in parts)
    if len(parts) < 2 or not certain or any(brand in word for brand in _BRANDS):
        return word
    return " ".join([parts[0][0].upper() + parts[0][1:], *parts[1:]])


def unescaped(text: str) -> str:
    """Returns a Niagara name as it was before `$20` replaced a space in it."""
    return _ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)), text)


def _from_name(name: str, site: str) -> str:
    order = _ORD.search(name)
    if order:
        return _from_slots(order[1])
    parts = name.split("/")
    if len(parts) > 2 and parts[1] == site:
        return _from_path(parts[2:])
    if len(parts) > 1:
        return _from_path(parts) if any(map(object_type, parts[:-1])) else name.strip()
    if _PLAIN_WORDS.fullmatch(name):
        text = re.sub("[._]", " ", name)
        return text[0].upper() + text[1:]
    return _label(name)


def _from_slots(path: str) -> str:
    """Returns the point and its equipment, from a Niagara slot path."""
    parts = [name for name in path.split("/") if name]
    while len(parts) > 1 and parts[-1] in _SLOTS:
        parts.pop()
    above = [name for name in parts[:-1] if name.lower() not in _FOLDERS and not name.endswith("Network")]
    return _joined(above + parts[-1:])


def _from_path(parts: list[str]) -> str:
    """Returns the object of a device, from `device/objectType/instance`."""
    for position, name in enumerate(parts[:-1]):
        kind = object_type(name)
        if kind is None:
            continue
        leaf = "/".join(parts[position + 1 :])
        if _is_specific(leaf):
            return _label(leaf)
        numbered = _TYPE_AND_INSTANCE.fullmatch(leaf.strip())
        number = numbered[2] if numbered else leaf
        device = parts[position - 1] if position else ""
        address = _BACNET_DEVICE.fullmatch(device)
        suffix = f", device {address[1] if address else device}" if device else ""
        return f"{kind.capitalize()} {number}".strip() + suffix
    return _joined(parts)


def _joined(parts: list[str]) -> str:
    """Returns the last part after the one above it, or alone if it repeats that."""
    labels = [label for label in map(_label, parts) if label]
    if len(labels) > 1 and not labels[-1].casefold().startswith(labels[-2].casefold()):
        return " ".join(labels[-2:])
    return labels[-1] if labels else ""
