"""Decides about a request as IAM does, and says which grants of the statements allow it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from typing import NamedTuple

from tests.support.iam.statements import Condition, Statement


@dataclass(frozen=True, slots=True)
class Access:
    """One action on one resource, with the values of the request's condition keys."""

    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __str__(self) -> str:
        keys = ", ".join(f"{key} {', '.join(values)}" for key, values in self.context.items())
        return f"{self.action} on {self.resource}" + (f" ({keys})" if keys else "")


class Grant(NamedTuple):
    """What a statement allows in the smallest parts: an action on a resource, or a value of a condition."""

    sid: str
    subject: str
    """The action, or the condition's key."""
    value: str
    """The resource, or a value that the condition allows."""


class DeniedError(Exception):
    """No statement allows the access, or one denies it."""


def check(statements: Iterable[Statement], access: Access) -> set[Grant]:
    """Returns the grants that allow an access; DeniedError when it is not allowed."""
    grants: set[Grant] = set()
    for statement in statements:
        matched = _matched(statement, access)
        if matched and statement.effect == "Deny":
            raise DeniedError(f"{statement.sid} denies {access}")
        grants |= matched
    if not grants:
        raise DeniedError(f"no statement allows {access}")
    return grants


def all_grants(statements: Iterable[Statement]) -> set[Grant]:
    """Returns every grant of the statements that allow something."""
    return {
        grant
        for statement in statements
        if statement.effect == "Allow"
        for grant in (
            *_grants(statement.sid, statement.actions, statement.resources),
            *(Grant(statement.sid, c.key, value) for c in statement.conditions for value in c.values),
        )
    }


def _grants(sid: str, actions: Iterable[str], resources: Iterable[str]) -> Iterator[Grant]:
    return (Grant(sid, action, resource) for action, resource in product(actions, resources))


def _matched(statement: Statement, access: Access) -> set[Grant]:
    """Returns the grants that match the access; none when the statement does not apply to it."""
    action = access.action.lower()
    actions = [a for a in statement.actions if _like(action, a.lower())]
    resources = [r for r in statement.resources if _like(access.resource, r)] if actions else []
    if not resources or not all(_fits(c, access) for c in statement.conditions):
        return set()
    return {
        *_grants(statement.sid, actions, resources),
        *(
            Grant(statement.sid, condition.key, value)
            for condition in statement.conditions
            for value in condition.values
            if any(_OPERATORS[_base(condition)](actual, value) for actual in _values(condition, access))
        ),
    }


def _fits(condition: Condition, access: Access) -> bool:
    actual = _values(condition, access)
    fits = [any(_OPERATORS[_base(condition)](a, value) for value in condition.values) for a in actual]
    if condition.operator.startswith("ForAllValues:"):
        return all(fits)
    if not actual:
        return condition.operator.endswith("IfExists")
    return any(fits)


def _values(condition: Condition, access: Access) -> tuple[str, ...]:
    return access.context.get(condition.key, ())


def _base(condition: Condition) -> str:
    """Returns the operator without its quantifier and suffix."""
    return condition.operator.rpartition(":")[2].removesuffix("IfExists")


@cache
def _pattern(text: str) -> re.Pattern[str] | None:
    """Returns the pattern of a text with wildcards; None for one without."""
    if not {"*", "?"} & set(text):
        return None
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _like(text: str, pattern: str) -> bool:
    wild = _pattern(pattern)
    return text == pattern if wild is None else wild.fullmatch(text) is not None


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda actual, value: actual == value,
    "StringLike": _like,
    "Bool": lambda actual, value: actual.lower() == value.lower(),
}
