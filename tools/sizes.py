"""Measures Python functions and folders: `python -m tools.sizes [paths…]`.

The body of a function goes from its first statement after the docstring to its last line, with comments and
blank lines. A function inside another counts in itself and in the outer one.
"""

import ast
import math
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tools.sources import FOLDERS, existing, files, shown

MAX_MODULES = 16


def body_lines(source: str) -> list[int]:
    """Returns the lines in the body of each function."""
    nodes = ast.walk(ast.parse(source))
    return [_lines(node) for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    has_docstring = ast.get_docstring(function) is not None
    statements = function.body[1:] if has_docstring else function.body
    if not statements:
        return 0
    end = statements[-1].end_lineno or 0
    return end - _first_line(statements[0]) + 1


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def percentile(values: Sequence[int], share: float) -> int:
    """Returns the smallest value that at least this share of the values do not exceed, 0 of none."""
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)] if values else 0


def module_counts(paths: Iterable[Path]) -> Counter[Path]:
    """Counts the modules directly in each folder; a package's __init__.py is none."""
    modules = {module for path in paths for module in files(path, ".py")}
    return Counter(module.parent for module in modules if module.stem != "__init__")


def report(paths: Sequence[Path]) -> None:
    """Prints percentiles of function bodies, and the largest folder of each path with all above the limit."""
    lines = [
        length for path in paths for file in files(path, ".py") for length in body_lines(file.read_text())
    ]
    middle, high = percentile(lines, 0.5), percentile(lines, 0.9)
    print(
        f"{len(lines)} functions: body p50 {middle} lines, p90 {high} lines, largest {max(lines, default=0)}"
    )
    for path in paths:
        for rank, (folder, modules) in enumerate(module_counts([path]).most_common()):
            is_large = modules > MAX_MODULES
            if rank == 0 or is_large:
                print(f"{shown(folder)}: {modules} modules" + f" (more than {MAX_MODULES})" * is_large)


def main(argv: Sequence[str]) -> int:
    """Runs the command and returns its exit status."""
    report([Path(argument) for argument in argv] or existing(FOLDERS))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
