"""Filters of Project Haystack: which records a request selects.

The grammar is that of docHaystack, but for definitions (`^ahu`), relationships (`containedBy?`) and
wildcards (`*==`), which need definitions that the store does not have.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time

from vitals.errors import InvalidRequestError
from vitals.model.haystack.scanner import NAME, Scanner
from vitals.model.haystack.values import DateTime, Dict, Mark, Number, Ref, Symbol, Uri, Value

MAX_TEXT = 4_000
_MAX_DEPTH = 50
_MAX_TERMS = 100
_MAX_NAMES = 5

type Resolve = Callable[[Ref], Dict | None]
"""Returns the record of a reference, None for one that does not exist."""
type Selects = Callable[[Dict, Resolve], bool]
"""Returns whether a record is selected; `->` follows references by `Resolve`."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What a filter selects, and tags that every selected record has.

    The value of a required tag is None where it may be any.
    """

    selects: Selects
    required: Mapping[str, Value | None] = field(default_factory=dict)

    def __call__(self, record: Dict, resolve: Resolve) -> bool:
        return self.selects(record, resolve)


# The longer one of two that start alike comes first.
_COMPARISONS: Sequence[tuple[str, Callable[[int], bool]]] = (
    ("<=", lambda order: order <= 0),
    (">=", lambda order: order >= 0),
    ("<", lambda order: order < 0),
    (">", lambda order: order > 0),
)
_KINDS = (bool, str, Number, Ref, Symbol, Uri, DateTime, date, time, Mark)


def parse(text: str) -> Filter:
    """Returns the filter that the text describes; InvalidRequestError for another text."""
    if len(text) > MAX_TEXT:
        raise InvalidRequestError(f"the filter must have at most {MAX_TEXT:,} characters")
    parser = _Parser(Scanner(text, "the filter"))
    return parser.whole()


class _Parser:
    """Parses by descent: `or` of `and` of terms."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._depth = 0
        self._terms = 0

    def whole(self) -> Filter:
        selects = self._either()
        if not self._scanner.at_end:
            raise self._scanner.error("and, or, or the end")
        return selects

    def _either(self) -> Filter:
        options = [self._all()]
        while self._skip_word("or"):
            options.append(self._all())
        if len(options) == 1:
            return options[0]
        first, *others = (option.required for option in options)
        common = {name for name in first if all(name in required for required in others)}
        return Filter(lambda r, s: any(option(r, s) for option in options), dict.fromkeys(common))

    def _all(self) -> Filter:
        terms = [self._term()]
        while self._skip_word("and"):
            terms.append(self._term())
        if len(terms) == 1:
            return terms[0]
        required: dict[str, Value | None] = {}
        for term in terms:
            required |= {name: value for name, value in term.required.items() if required.get(name) is None}
        return Filter(lambda r, s: all(term(r, s) for term in terms), required)

    def _term(self) -> Filter:
        self._terms += 1
        if self._terms > _MAX_TERMS:
            raise InvalidRequestError(f"the filter has more than {_MAX_TERMS} terms")
        self._skip_space()
        if self._scanner.skip("("):
            return self._group()
        if self._scanner.next_is("^"):
            raise InvalidRequestError("the filter uses a definition (^…); use the tags of records instead")
        if self._skip_word("not"):
            self._skip_space()
            path = self._path()
            return Filter(lambda record, resolve: _value_at(record, path, resolve) is None)
        return self._comparison(self._path())

    def _group(self) -> Filter:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise InvalidRequestError(f"the filter has more than {_MAX_DEPTH} parentheses in each other")
        selects = self._either()
        self._scanner.expect(")")
        self._depth -= 1
        self._skip_space()
        return selects

    def _path(self) -> list[str]:
        names = [self._name()]
        self._skip_space()
        while self._scanner.skip("->"):
            self._skip_space()
            names.append(self._name())
            self._skip_space()
        if len(names) > _MAX_NAMES:
            raise InvalidRequestError(f"a path of the filter has more than {_MAX_NAMES} names")
        if self._scanner.next_is("?"):
            raise InvalidRequestError("the filter uses a relationship (…?); use the tags of records instead")
        return names

    def _name(self) -> str:
        match = self._scanner.take(NAME)
        if not match:
            raise self._scanner.error("the name of a tag")
        return match[0]

    def _comparison(self, path: Sequence[str]) -> Filter:
        """Returns the rest of a term that starts with a path."""
        scanner = self._scanner
        if scanner.next_is("*=="):
            raise InvalidRequestError("the filter uses a wildcard (*==); use == instead")
        if scanner.skip("=="):
            expected = self._value()
            is_own = len(path) == 1
            return Filter(_comparing(path, expected, operator.eq), {path[0]: expected if is_own else None})
        if scanner.skip("!="):
            return Filter(_comparing(path, self._value(), operator.ne), {path[0]: None})
        for symbol, is_met in _COMPARISONS:
            if scanner.skip(symbol):
                return Filter(_ordering(path, self._value(), is_met), {path[0]: None})
        return Filter(lambda record, resolve: _value_at(record, path, resolve) is not None, {path[0]: None})

    def _value(self) -> Value:
        self._skip_space()
        for word, truth in (("true", True), ("false", False)):
            if self._skip_word(word):
                return truth
        value = self._scanner.scalar()
        if not isinstance(value, _KINDS):
            raise self._scanner.error("a value")
        self._skip_space()
        return value

    def _skip_word(self, word: str) -> bool:
        """Goes behind a whole word and the space after it, if it comes next."""
        start = self._scanner.position
        if self._scanner.word() == word:
            self._skip_space()
            return True
        self._scanner.position = start
        return False

    def _skip_space(self) -> None:
        self._scanner.skip_space()


def _value_at(record: Dict, path: Sequence[str], resolve: Resolve) -> Value | None:
    value = record.get(path[0])
    for name in path[1:]:
        target = resolve(value) if isinstance(value, Ref) else None
        value = target.get(name) if target else None
    return value


def _comparing(path: Sequence[str], expected: Value, compare: Callable[[Value, Value], bool]) -> Selects:
    """Returns a filter of records whose value is of the same kind and compares so."""

    def selects(record: Dict, resolve: Resolve) -> bool:
        value = _value_at(record, path, resolve)
        return type(value) is type(expected) and value is not None and compare(value, expected)

    return selects


def _ordering(path: Sequence[str], limit: Value, is_met: Callable[[int], bool]) -> Selects:
    """Returns a filter of records whose value is of the same kind and in this order with the limit."""

    def selects(record: Dict, resolve: Resolve) -> bool:
        order = _order(_value_at(record, path, resolve), limit)
        return order is not None and is_met(order)

    return selects


def _order(value: Value | None, limit: Value) -> int | None:
    """Returns -1, 0 or 1; None for values that have no order, as those of two units."""
    if type(value) is not type(limit):
        return None
    if isinstance(value, Number) and isinstance(limit, Number):
        return _sign(value.value, limit.value) if value.unit == limit.unit else None
    first, second = _sortable(value), _sortable(limit)
    return None if first is None or second is None else _sign(first, second)


def _sign[T: (float, str)](first: T, second: T) -> int | None:
    if first == second:
        return 0
    if first < second:
        return -1
    return 1 if first > second else None


def _sortable(value: Value | None) -> str | None:
    """Returns a text that sorts as the value does."""
    match value:
        case bool():
            return str(int(value))
        case str():
            return value
        case Ref():
            return value.id
        case Symbol():
            return value.name
        case Uri():
            return value.text
        case DateTime():
            return f"{value.time_ms + 2**62:020}"
        case date() | time():
            return value.isoformat()
        case _:
            return None
