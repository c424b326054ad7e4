"""Makes Haystack's tags from the tags that an upstream lists of a point."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, time
from functools import lru_cache
from math import isfinite

from vitals.errors import InvalidRequestError
from vitals.model.haystack.scanner import NAME, Scanner
from vitals.model.haystack.values import Mark, Number, Ref, Symbol, Uri, Value

# Combinations of tags: those of a few sites.
_CACHED = 20_000
# Tags that records of ours have by themselves, and those that would make a point something else as well.
_OWN = {"id", "dis", "site", "equip", "point", "siteRef", "equipRef", "equipment", "space", "device", "his"}
_OWN |= {"hisMode", "hisTotalized", "hisCollectInterval", "kind", "unit", "tz", "mod", "pointName", "navName"}
_WORD = re.compile(r"[A-Za-z0-9]+")
# How version 3 of Haystack's JSON writes a value as a text, which exports of tags keep.
_MARKERS = {"", "m:", "✓"}
_REF = re.compile(r"(?:r:|@)([A-Za-z0-9_:.~-]+)(?: (.+))?")
_ID = re.compile(r"[A-Za-z0-9_:.~-]+")
_NUMBER = re.compile(r"n:(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?: ([A-Za-z%_/$\u0080-\U0010ffff]+))?")


@lru_cache(_CACHED)
def tags_of(tags: tuple[str, ...]) -> Mapping[str, Value]:
    """Returns the values of the upstream's tags (`name` or `name=value`) by names that Haystack allows.

    Where several tags have one name, the one that is spelled so counts, or else the first. Tags that our
    records have by themselves are left out.
    """
    pairs = [(name.strip(), value.strip()) for name, _, value in (tag.partition("=") for tag in tags)]
    texts = {tag_name(name): (name, value) for name, value in reversed(pairs)}
    texts |= {name: (name, value) for name, value in reversed(pairs) if NAME.fullmatch(name)}
    return {name: value_of(*texts[name]) for name in sorted(texts) if name and name not in _OWN}


def tag_name(text: str) -> str:
    """Returns a text as the name of a tag, in camel case; "" when it has no letters or digits."""
    if NAME.fullmatch(text):
        return text
    plain = unicodedata.normalize("NFKD", text)
    words = _WORD.findall("".join(sign for sign in plain if not unicodedata.combining(sign)))
    if not words:
        return ""
    first = words[0].lower() if words[0].isupper() else words[0][0].lower() + words[0][1:]
    name = first + "".join(word[0].upper() + word[1:] for word in words[1:])
    return name if name[0].isalpha() else f"n{name}"


def value_of(name: str, text: str) -> Value:
    """Returns the value of a tag: as version 3 of Haystack's JSON encodes it, or the text itself.

    Tags whose name ends in Ref are references where their text can be one.
    """
    if text in _MARKERS:
        return Mark.MARKER
    reference = _REF.fullmatch(text)
    if reference:
        return Ref(reference[1], reference[2] or "")
    if name.endswith("Ref") and _ID.fullmatch(text):
        return Ref(text)
    kind, content = text[:2], text[2:]
    if kind == "s:":
        return content
    number = _NUMBER.fullmatch(text)
    if number and isfinite(float(number[1])):
        return Number(float(number[1]), number[2] or "")
    if kind == "b:" and content in ("true", "false", "T", "F"):
        return content in ("true", "T")
    if kind == "u:":
        return Uri(content)
    if kind in ("d:", "h:", "y:"):
        return _literal(f"^{content}" if kind == "y:" else content) or text
    return text


def _literal(text: str) -> Value | None:
    """Returns the symbol, date or time of a text; None where it is none."""
    scanner = Scanner(text, "the tag")
    try:
        value = scanner.scalar()
    except InvalidRequestError:
        return None
    is_one = scanner.at_end and isinstance(value, (Symbol, date, time))
    return value if is_one else None
