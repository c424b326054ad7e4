"""Generates filters of Project Haystack, and says what each selects, on dicts of plain values."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

type Record = Mapping[str, Any]
"""Tags as an oracle compares them: ("marker",), ("ref", id), ("number", value, unit), bool or str."""
type Rule = tuple[Any, ...]
"""A filter: has, missing or compare with a path; and, or with rules."""

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Vocabulary:
    """The tags and values that filters are made of, and the tags whose values are references."""

    tags: tuple[str, ...]
    values: tuple[Any, ...]
    references: tuple[str, ...] = ("siteRef", "equipRef")


def rules(vocabulary: Vocabulary) -> st.SearchStrategy[Rule]:
    tag = st.sampled_from(vocabulary.tags)
    path = st.one_of(
        tag.map(lambda name: (name,)),
        st.tuples(st.sampled_from(vocabulary.references), tag),
        st.tuples(st.just("equipRef"), st.just("siteRef"), tag),
    )
    leaf = st.one_of(
        st.tuples(st.just("has"), path),
        st.tuples(st.just("missing"), path),
        st.tuples(st.sampled_from(sorted(_COMPARE)), path, st.sampled_from(vocabulary.values)),
    )
    return st.recursive(
        leaf,
        lambda rule: st.tuples(st.sampled_from(["and", "or"]), st.lists(rule, min_size=2, max_size=3)),
        max_leaves=6,
    )


def text_of(rule: Rule) -> str:
    """Returns the filter as text, each group in parentheses."""
    kind, *arguments = rule
    if kind in ("and", "or"):
        return f" {kind} ".join(
            f"({text_of(item)})" if item[0] in ("and", "or") else text_of(item) for item in arguments[0]
        )
    path = "->".join(arguments[0])
    if kind in ("has", "missing"):
        return path if kind == "has" else f"not {path}"
    return f"{path} {kind} {_literal(arguments[1])}"


def selects(rule: Rule, record: Record, by_id: Mapping[str, Record]) -> bool:
    kind, *arguments = rule
    if kind in ("and", "or"):
        return (all if kind == "and" else any)(selects(item, record, by_id) for item in arguments[0])
    value = _at(record, arguments[0], by_id)
    if kind in ("has", "missing"):
        return (value is not None) == (kind == "has")
    return value is not None and _compares(value, kind, arguments[1])


def _at(record: Record, path: tuple[str, ...], by_id: Mapping[str, Record]) -> Any:
    value: Any = record.get(path[0])
    for name in path[1:]:
        is_reference = isinstance(value, tuple) and value[0] == "ref"
        value = by_id.get(value[1], {}).get(name) if is_reference else None
    return value


def _compares(value: Any, comparison: str, expected: Any) -> bool:
    if type(value) is not type(expected) or (isinstance(value, tuple) and value[0] != expected[0]):
        return False
    compare = _COMPARE[comparison]
    if not isinstance(value, tuple) or comparison in ("==", "!="):
        return compare(value, expected)
    if value[0] == "number" and value[2] != expected[2]:
        return False
    return compare(value[1], expected[1])


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"@{value[1]}" if value[0] == "ref" else f"{value[1]}{value[2]}"
