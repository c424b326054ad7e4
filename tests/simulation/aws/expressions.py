"""Expressions of DynamoDB, parsed: conditions, filters, key conditions and updates.

Only what the product uses is here; other functions and operators raise NotImplementedError. Texts are parsed
once: the same text with the same names returns the same object.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.simulation.aws.dynamodb_values import InvalidError

COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")
_TOKEN = re.compile(r"\s*([:#]?[A-Za-z0-9_]+|<=|>=|<>|[=<>(),+.\[\]-]|\S)")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_OPERANDS = {"attribute_exists": 1, "attribute_not_exists": 1, "begins_with": 2, "if_not_exists": 2}
_END = "<EOF>"


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of the item."""

    name: str


@dataclass(frozen=True, slots=True)
class Value:
    """A placeholder of ExpressionAttributeValues."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or function with its operands."""

    operator: str
    operands: tuple["Node", ...]


type Node = Attribute | Value | Call


@dataclass(frozen=True, slots=True)
class Action:
    """One action of an update: SET or ADD, the attribute, and its new value or what is added to it."""

    section: str
    attribute: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Expression[T]:
    """What was parsed, and the placeholders in it."""

    content: T
    names: frozenset[str]
    values: frozenset[str]


def condition(kind: str, text: str, names: Mapping[str, str]) -> Expression[Node]:
    """Parses a condition, filter or key condition; `kind` is the parameter that has it."""
    return _parsed(kind, text, tuple(names.items()))


def update(text: str, names: Mapping[str, str]) -> Expression[tuple[Action, ...]]:
    """Parses an update expression."""
    return _parsed("UpdateExpression", text, tuple(names.items()))


@lru_cache(4096)
def _parsed(kind: str, text: str, names: tuple[tuple[str, str], ...]) -> Expression[Any]:
    parser = _Parser(kind, text, dict(names))
    content = parser.update() if kind == "UpdateExpression" else parser.disjunction()
    parser.expect(_END)
    return Expression(content, frozenset(parser.names), frozenset(parser.values))


class _Parser:
    """Reads the tokens of an expression from the first to the last."""

    def __init__(self, kind: str, text: str, names: Mapping[str, str]) -> None:
        self.names: set[str] = set()
        self.values: set[str] = set()
        self._kind = kind
        self._tokens: list[str] = [*_TOKEN.findall(text), _END]
        self._index = 0
        self._defined = names

    def disjunction(self) -> Node:
        return self._chain("OR", self._conjunction)

    def update(self) -> tuple[Action, ...]:
        """Reads all sections, each of which may occur once."""
        sections: dict[str, list[Action]] = {}
        while self._peek() != _END:
            section = self._peek().upper()
            if section in sections:
                raise self._invalid(f'The "{section}" section can only be used once in an update expression;')
            sections[section] = self._section(section)
        actions = tuple(action for section in sections.values() for action in section)
        if not actions:
            raise self._invalid("The expression can not be empty;")
        if len({action.attribute for action in actions}) < len(actions):
            raise self._invalid("Two document paths overlap with each other; must remove or rewrite one")
        return actions

    def expect(self, token: str) -> None:
        if not self._accept(token):
            raise self._syntax_error()

    def _conjunction(self) -> Node:
        return self._chain("AND", self._term)

    def _chain(self, operator: str, read: Callable[[], Node]) -> Node:
        operands = [read()]
        while self._accept(operator):
            operands.append(read())
        return operands[0] if len(operands) == 1 else Call(operator, tuple(operands))

    def _term(self) -> Node:
        if self._peek().upper() == "NOT":
            raise NotImplementedError("NOT in an expression")
        if self._accept("("):
            inner = self.disjunction()
            self.expect(")")
            return inner
        operand = self._operand()
        return operand if isinstance(operand, Call) else self._comparison(operand)

    def _comparison(self, subject: Node) -> Call:
        if self._accept("BETWEEN"):
            low = self._operand()
            self.expect("AND")
            return Call("BETWEEN", (subject, low, self._operand()))
        if self._accept("IN"):
            self.expect("(")
            return Call("IN", (subject, *self._list(self._operand)))
        if self._peek() in COMPARISONS:
            return Call(self._next(), (subject, self._operand()))
        raise self._syntax_error()

    def _list(self, read: Callable[[], Node]) -> list[Node]:
        """Reads the operands up to the closing parenthesis."""
        operands = [read()]
        while self._accept(","):
            operands.append(read())
        self.expect(")")
        return operands

    def _section(self, section: str) -> list[Action]:
        if section in ("REMOVE", "DELETE"):
            raise NotImplementedError(f"{section} in an update")
        if section not in ("SET", "ADD"):
            raise self._syntax_error()
        self._next()
        actions = [self._action(section)]
        while self._accept(","):
            actions.append(self._action(section))
        return actions

    def _action(self, section: str) -> Action:
        attribute = self._attribute()
        if section == "ADD":
            return Action(section, attribute.name, self._value())
        self.expect("=")
        operand = self._operand()
        if self._peek() in ("+", "-"):
            operand = Call(self._next(), (operand, self._operand()))
        return Action(section, attribute.name, operand)

    def _operand(self) -> Node:
        if self._peek().startswith(":"):
            return self._value()
        if self._tokens[self._index + 1 : self._index + 2] == ["("]:
            return self._function()
        return self._attribute()

    def _function(self) -> Call:
        name = self._next()
        if name not in _OPERANDS:
            raise NotImplementedError(f"{name} in an expression")
        self.expect("(")
        operands = self._list(self._operand)
        if len(operands) != _OPERANDS[name] or not isinstance(operands[0], Attribute):
            raise self._invalid(f"Incorrect operands for operator or function; operator or function: {name}")
        return Call(name, tuple(operands))

    def _value(self) -> Value:
        if not self._peek().startswith(":"):
            raise self._syntax_error()
        value = Value(self._next())
        self.values.add(value.name)
        return value

    def _attribute(self) -> Attribute:
        if self._tokens[self._index + 1 : self._index + 2] in (["."], ["["]):
            raise NotImplementedError("paths in documents")
        token = self._peek()
        if token.startswith("#"):
            return Attribute(self._named(self._next()))
        if not _NAME.fullmatch(token):
            raise self._syntax_error()
        if token.upper() in _reserved():
            raise self._invalid(f"Attribute name is a reserved keyword; reserved keyword: {token}")
        return Attribute(self._next())

    def _named(self, placeholder: str) -> str:
        self.names.add(placeholder)
        if placeholder in self._defined:
            return self._defined[placeholder]
        raise self._invalid(
            "An expression attribute name used in the document path is not defined; "
            f"attribute name: {placeholder}"
        )

    def _peek(self) -> str:
        return self._tokens[self._index]

    def _next(self) -> str:
        token = self._tokens[self._index]
        self._index += 1
        return token

    def _accept(self, token: str) -> bool:
        """Steps over the token if it is the next; keywords may be in any case."""
        accepted = self._peek().upper() == token
        self._index += accepted and token != _END
        return accepted

    def _syntax_error(self) -> InvalidError:
        near = " ".join(self._tokens[max(0, self._index - 1) : self._index + 2])
        return self._invalid(f'Syntax error; token: "{self._peek()}", near: "{near}"')

    def _invalid(self, message: str) -> InvalidError:
        return InvalidError(f"Invalid {self._kind}: {message}")


@cache
def _reserved() -> frozenset[str]:
    """Returns DynamoDB's reserved words from moto's list, without the imports of moto."""
    spec = find_spec("moto")
    assert spec and spec.origin
    path = Path(spec.origin).parent / "dynamodb/parsing/reserved_keywords.txt"
    return frozenset(path.read_text().split())
