"""Prints import cycles and exits 1 when there is one: `python -m tools.cycles`.

Imports inside functions and type-only imports of TypeScript count; imports under TYPE_CHECKING do not, nor
does the import of a package that comes with the import of its module. Modules that reach each other are one
cycle.
"""

import ast
import os.path
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tools.sources import ROOT, TYPESCRIPT, files, parse_typescript, shown

# What stands on the import path, and which of its packages are this repository's.
PYTHON_PATHS = (
    ("functions", "*"),
    ("layers/common/python", "*"),
    ("client/src", "*"),
    *((".", package) for package in ("local", "operations", "tools", "bench")),
)
ENDINGS = ("", *TYPESCRIPT, "/index.ts", "/index.tsx")

type Graph = Mapping[Path, set[Path]]


def python_modules(root: Path) -> dict[str, Path]:
    """Returns the modules of the repository by their dotted names."""
    modules = {}
    for folder, pattern in PYTHON_PATHS:
        base = root / folder
        for package in base.glob(pattern):
            for path in files(package, ".py"):
                parts = path.relative_to(base).with_suffix("").parts
                modules[".".join(parts).removesuffix(".__init__")] = path
    return modules


def imported_names(tree: ast.AST, package: str) -> Iterator[tuple[str, str]]:
    """Returns module and name of each import, those for type checking only left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for statement in node.orelse:
                yield from imported_names(ast.Module([statement], []), package)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(node, package)
            yield from ((module, alias.name) for alias in node.names)
        else:
            yield from imported_names(node, package)


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parents = package.split(".")
    base = parents[: len(parents) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


def python_graph(root: Path) -> Graph:
    """Returns which modules each Python module imports."""
    modules = python_modules(root)
    graph: dict[Path, set[Path]] = {}
    for name, path in modules.items():
        package = name if path.stem == "__init__" else name.rpartition(".")[0]
        imports = imported_names(ast.parse(path.read_text()), package)
        targets = {modules.get(f"{module}.{member}", modules.get(module)) for module, member in imports}
        graph[path] = {target for target in targets if target}
    return graph


def typescript_graph(root: Path) -> Graph:
    """Returns which modules each TypeScript module of the page imports."""
    parsed = parse_typescript(files(root / "web/src", *TYPESCRIPT))
    return {
        path: {target for target in (_resolve(path, text, parsed) for text in file["imports"]) if target}
        for path, file in parsed.items()
    }


def _resolve(path: Path, specifier: str, modules: Mapping[Path, object]) -> Path | None:
    if not specifier.startswith("."):
        return None
    base = os.path.normpath(path.parent / specifier)
    candidates = (Path(base + ending) for ending in ENDINGS)
    return next((candidate for candidate in candidates if candidate in modules), None)


def reachable(graph: Graph, start: Path) -> set[Path]:
    """Returns the modules that a module imports, directly or not."""
    modules: set[Path] = set()
    pending = set(graph[start])
    while pending:
        module = pending.pop()
        modules.add(module)
        pending |= graph[module] - modules
    return modules


def cycles(graph: Graph) -> list[list[Path]]:
    """Returns the groups of modules that reach each other, each sorted."""
    targets = {module: reachable(graph, module) for module in graph}
    groups = {
        tuple(sorted(other for other in targets[module] if module in targets[other])) for module in graph
    }
    return [list(group) for group in sorted(groups) if group]


def main(argv: Sequence[str]) -> int:
    """Runs the command on this or a given repository and returns its exit status."""
    root = Path(argv[0]).resolve() if argv else ROOT
    groups = cycles(python_graph(root)) + cycles(typescript_graph(root))
    for group in groups:
        print("import cycle:", ", ".join(shown(path) for path in group))
    print(f"import cycles: {len(groups)}")
    return 1 if groups else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
