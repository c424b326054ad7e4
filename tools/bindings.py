"""Lists the names that a Python file binds.

A name counts once per scope: a module, class, function, lambda or comprehension. In a scope count the
targets of assignments, `for`, `with`, `except`, `match` and `import … as`, type aliases, functions, classes
and parameters. A walrus in a comprehension binds outside it. An attribute set on self or cls counts once per
class, together with the fields and methods of that class. A name declared global or nonlocal does not count
where it is declared so. Left out: self and cls, dunder names, names of underscores only, type parameters.
"""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

RECEIVERS = ("self", "cls")

type ScopeKind = Literal["module", "class", "function", "comprehension"]
type Function = ast.FunctionDef | ast.AsyncFunctionDef
type Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass(frozen=True)
class Binding:
    """A bound name; `is_field` marks what may be a field of an answer."""

    name: str
    line: int
    is_field: bool = False


@dataclass
class Scope:
    """The names that a scope has bound, and those that it declared global or nonlocal."""

    kind: ScopeKind
    names: set[str] = field(default_factory=set)
    foreign: set[str] = field(default_factory=set)


def python_bindings(source: str) -> list[Binding]:
    """Returns the names that the source binds, in the order of the syntax tree."""
    visitor = _Visitor()
    visitor.visit(ast.parse(source))
    return visitor.bindings


def _is_prescribed(name: str) -> bool:
    is_dunder = name.startswith("__") and name.endswith("__")
    return name in RECEIVERS or is_dunder or not name.strip("_")


class _Visitor(ast.NodeVisitor):
    def __init__(self) -> None:
        self.bindings: list[Binding] = []
        self._scopes = [Scope("module")]

    def _bind(
        self, name: str | None, line: int, scope: Scope | None = None, *, is_field: bool = False
    ) -> None:
        scope = scope or self._scopes[-1]
        if name is None or _is_prescribed(name) or name in scope.names | scope.foreign:
            return
        scope.names.add(name)
        self.bindings.append(Binding(name, line, is_field))

    def _nearest(self, *kinds: ScopeKind) -> Scope | None:
        return next((scope for scope in reversed(self._scopes) if scope.kind in kinds), None)

    @contextmanager
    def _scope(self, kind: ScopeKind) -> Iterator[None]:
        self._scopes.append(Scope(kind))
        yield
        self._scopes.pop()

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self._bind(node.id, node.lineno)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        owner = self._nearest("class")
        is_own = isinstance(node.value, ast.Name) and node.value.id in RECEIVERS
        if isinstance(node.ctx, ast.Store) and is_own and owner:
            self._bind(node.attr, node.lineno, owner)
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self._bind(node.target.id, node.lineno, self._nearest("module", "class", "function"))
        self.visit(node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if isinstance(node.target, ast.Name) and self._scopes[-1].kind == "class":
            self._bind(node.target.id, node.lineno, is_field=True)
        self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> None:
        self._bind(node.arg, node.lineno)
        self.generic_visit(node)

    def visit_alias(self, node: ast.alias) -> None:
        self._bind(node.asname, node.lineno)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self._bind(node.name, node.lineno)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        self._bind(node.name, node.lineno)
        self.generic_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        self._bind(node.name, node.lineno)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self._bind(node.rest, node.lineno)
        self.generic_visit(node)

    def _declare_foreign(self, node: ast.Global | ast.Nonlocal) -> None:
        self._scopes[-1].foreign.update(node.names)

    def _visit_function(self, node: Function) -> None:
        self._bind(node.name, node.lineno)
        with self._scope("function"):
            self.generic_visit(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        with self._scope("function"):
            self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._bind(node.name, node.lineno)
        with self._scope("class"):
            self.generic_visit(node)

    def _visit_comprehension(self, node: Comprehension) -> None:
        with self._scope("comprehension"):
            self.generic_visit(node)

    visit_Global = visit_Nonlocal = _declare_foreign
    visit_FunctionDef = visit_AsyncFunctionDef = _visit_function
    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _visit_comprehension
