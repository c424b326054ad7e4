"""Attribute values of DynamoDB: their check, their canonical form, their order and their size."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from botocore.exceptions import ParamValidationError

type AttributeValue = dict[str, Any]
type Item = Mapping[str, AttributeValue]
type Scalar = int | Decimal | str | bytes
"""The content of an attribute in its order: numbers by value, text by UTF-8 bytes."""

DIGITS = Context(prec=38)
SETS = ("SS", "NS", "BS")
_SCALARS = ("S", "N", "B")
_INTEGER = re.compile(r"-?[1-9][0-9]{0,37}|0", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_INVALID = "One or more parameter values were invalid: "


class RefusedError(Exception):
    """A request that DynamoDB refuses, with the error's code and what the response has beside it."""

    code: str

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.details = details


class InvalidError(RefusedError):
    """The request does not follow the rules."""

    code = "ValidationException"


def checked_item(item: Item) -> dict[str, AttributeValue]:
    """Returns the item in canonical form, without anything of the caller's."""
    return {name: checked(value) for name, value in item.items()}


def checked(value: AttributeValue) -> AttributeValue:
    """Returns the value in canonical form; InvalidError when DynamoDB refuses it."""
    if len(value) != 1:
        raise InvalidError("Supplied AttributeValue must contain exactly one of the supported datatypes")
    [(form, content)] = value.items()
    return {form: _FORMS[form](content)}


def scalar(value: AttributeValue) -> Scalar | None:
    """Returns what a text, number or binary is compared by, None for other values."""
    [(form, content)] = value.items()
    if form == "N":
        return number(content)
    return content if form in _SCALARS else None


def number(text: str) -> int | Decimal:
    """Returns the number of a canonical text."""
    return Decimal(text) if "." in text else int(text)


def number_text(value: int | Decimal) -> str:
    """Returns the canonical text of a number; InvalidError when it has more than 38 digits."""
    return _checked_number(str(value))


def same(first: AttributeValue, second: AttributeValue) -> bool:
    """Returns whether two canonical values are equal; sets have no order."""
    if first == second:
        return True
    [(form, content)] = first.items()
    return form in SETS and form in second and set(content) == set(second[form])


def size(item: Item) -> int:
    """Returns the size (bytes) of an item by DynamoDB's rules."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(value: AttributeValue) -> int:
    [(form, content)] = value.items()
    match form:
        case "B":
            return len(content)
        case "S":
            return len(content.encode())
        case "N":
            return _number_size(content)
        case "M":
            return 3 + len(content) + size(content)
        case "L":
            return 3 + len(content) + sum(map(_size, content))
        case "SS" | "NS" | "BS":
            return sum(_size({form[0]: member}) for member in content)
    return 1


def _number_size(text: str) -> int:
    digits = len(text.strip("-0.").replace(".", ""))
    return (digits + 1) // 2 + 1 + text.startswith("-")


def copied(value: AttributeValue) -> AttributeValue:
    """Returns a copy that shares nothing that can change."""
    [(form, content)] = value.items()
    match form:
        case "M":
            return {form: {name: copied(member) for name, member in content.items()}}
        case "L":
            return {form: [copied(member) for member in content]}
        case "SS" | "NS" | "BS":
            return {form: content.copy()}
    return {form: content}


@dataclass(slots=True)
class Stored:
    """An item as it is stored, which never changes."""

    attributes: dict[str, AttributeValue]
    size: int = 0
    compound: tuple[str, ...] = field(default=(), init=False)

    def __post_init__(self) -> None:
        self.size = size(self.attributes)
        self.compound = tuple(
            name for name, value in self.attributes.items() if next(iter(value)) not in _SCALARS
        )

    def copy(self) -> dict[str, AttributeValue]:
        """Returns the attributes for a caller, who may change them."""
        copy = {name: value.copy() for name, value in self.attributes.items()}
        for name in self.compound:
            copy[name] = copied(copy[name])
        return copy


def _checked_text(content: Any) -> str:
    if not isinstance(content, str):
        raise ParamValidationError(report=f"an attribute of type S is {type(content)}")
    return content


def _checked_number(content: Any) -> str:
    if not isinstance(content, str):
        raise ParamValidationError(report=f"an attribute of type N is {type(content)}")
    return content if _INTEGER.fullmatch(content) else _canonical(content)


@lru_cache(4096)
def _canonical(text: str) -> str:
    try:
        exact = Decimal(text) if _NUMBER.fullmatch(text) else None
    except InvalidOperation:
        exact = None
    if exact is None:
        raise InvalidError(f"The parameter cannot be converted to a numeric value: {text}")
    digits = "".join(map(str, exact.as_tuple().digits)).strip("0")
    if len(digits) > DIGITS.prec:
        raise InvalidError("Attempting to store more than 38 significant digits in a Number")
    if not digits:
        return "0"
    if not -130 <= exact.adjusted() <= 125:
        raise InvalidError("Number overflow. Attempting to store a number with magnitude out of range")
    return format(exact.normalize(DIGITS), "f")


def _checked_bytes(content: Any) -> bytes:
    if not isinstance(content, bytes | bytearray):
        raise ParamValidationError(report=f"an attribute of type B is {type(content)}")
    return bytes(content)


def _set_of(check: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    def checked_set(content: Any) -> list[Any]:
        members = [check(member) for member in content]
        if not members:
            raise InvalidError(_INVALID + "a set may not be empty")
        if len(set(members)) < len(members):
            raise InvalidError(_INVALID + f"Input collection {members} contains duplicates.")
        return members

    return checked_set


_FORMS: dict[str, Callable[[Any], Any]] = {
    "S": _checked_text,
    "N": _checked_number,
    "B": _checked_bytes,
    "SS": _set_of(_checked_text),
    "NS": _set_of(_checked_number),
    "BS": _set_of(_checked_bytes),
    "M": checked_item,
    "L": lambda content: [checked(member) for member in content],
    "BOOL": bool,
    "NULL": bool,
}
