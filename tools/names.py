"""Counts content-free names among the bound names: `python -m tools.names [paths…]`.

A name is content-free when the whole of it, without leading and trailing underscores, is one of
CONTENT_FREE (in this case, or in camelCase), or when it ends in an underscore. A field of an answer may have
the name that the HTTP API gives it (API_FIELDS): an annotated name of a class in Python, a property of an
exported type in TypeScript. tools/bindings.py and tools/typescript.mjs define bound names.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import sizes
from tools.bindings import Binding, python_bindings
from tools.sources import FOLDERS, TEST_FOLDERS, TYPESCRIPT, existing, files, parse_typescript, shown

VOCABULARY = (
    "found asked told said known kept given place part rest upkeep letters stretch cut squeeze pick let_go "
    "following where words Asked Found Explained Told "
    "one each every some more most what of at left mine beside reach news"
)
API_FIELDS = {"known"}


def camel_case(name: str) -> str:
    """Returns a snake_case name in camelCase."""
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


CONTENT_FREE = {spelling for word in VOCABULARY.split() for spelling in (word, camel_case(word))}


@dataclass(frozen=True)
class Occurrence:
    """A bound name and where it is bound."""

    path: Path
    binding: Binding

    def __str__(self) -> str:
        return f"{shown(self.path)}:{self.binding.line} {self.binding.name}"


def is_content_free(binding: Binding) -> bool:
    """Tells whether a name says nothing of what it names."""
    name = binding.name.strip("_")
    if binding.is_field and binding.name in API_FIELDS:
        return False
    return name in CONTENT_FREE or binding.name.endswith("_")


def bound_names(folder: Path) -> list[Occurrence]:
    """Returns every bound name of the Python and TypeScript files in a folder and below."""
    python = [
        Occurrence(path, binding)
        for path in files(folder, ".py")
        for binding in python_bindings(path.read_text())
    ]
    typescript = [
        Occurrence(path, Binding(name["name"], name["line"], name["shape"]))
        for path, parsed in parse_typescript(files(folder, *TYPESCRIPT)).items()
        for name in parsed["bindings"]
    ]
    return python + typescript


def percentage(count: int, total: int) -> float:
    """Returns count as a percentage of total, 0 of nothing."""
    return 100 * count / total if total else 0.0


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.names", description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="*", type=Path, help="files or folders instead of the default folders")
    parser.add_argument("--tests", action="store_true", help="count the tests instead of the product")
    parser.add_argument("--list", action="store_true", help="print every content-free name")
    parser.add_argument("--functions", action="store_true", help="print sizes of functions and folders too")
    parser.add_argument("--max", type=float, metavar="P", help="exit 1 above this percentage")
    options = parser.parse_args(argv)
    if missing := [str(path) for path in options.paths if not path.exists()]:
        parser.error(f"no such file or folder: {', '.join(missing)}")
    return options


def count(paths: Sequence[Path], *, is_listed: bool) -> float:
    """Prints a line for each path and the total, and returns the total percentage."""
    total = content_free = 0
    for path in paths:
        names = bound_names(path)
        matches = [name for name in names if is_content_free(name.binding)]
        total, content_free = total + len(names), content_free + len(matches)
        for name in matches if is_listed else []:
            print(name)
        share = percentage(len(matches), len(names))
        print(f"{shown(path)}: {len(names)} bound names, {len(matches)} content-free, {share:.1f} %")
    share = percentage(content_free, total)
    print(f"{content_free} of {total} bound names are content-free ({share:.1f} %)")
    return share


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status."""
    options = arguments(argv)
    paths = options.paths or existing(TEST_FOLDERS if options.tests else FOLDERS)
    share = count(paths, is_listed=options.list)
    if options.functions:
        sizes.report(paths)
    return 1 if options.max is not None and share > options.max else 0


if __name__ == "__main__":
    sys.exit(main())
