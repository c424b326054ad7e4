"""Finds the source files of the repository, and parses those in TypeScript."""

import json
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypedDict, cast

ROOT = Path(__file__).parents[1]
FOLDERS = (
    "functions",
    "layers/common/python",
    "client/src",
    "local",
    "operations",
    "tools",
    "bench",
    "web/src",
)
TEST_FOLDERS = ("tests", "web/tests")
TYPESCRIPT = (".ts", ".tsx")


class TypeScriptBinding(TypedDict):
    """A bound name of a TypeScript file; `shape` marks properties of exported types."""

    name: str
    line: int
    shape: bool


class TypeScriptFile(TypedDict):
    """Bound names and module specifiers of a TypeScript file."""

    bindings: list[TypeScriptBinding]
    imports: list[str]


def existing(folders: Iterable[str]) -> list[Path]:
    """Returns those folders of the repository that exist."""
    return [ROOT / folder for folder in folders if (ROOT / folder).exists()]


def files(path: Path, *suffixes: str) -> list[Path]:
    """Returns the files with these suffixes in a folder and below, or the path itself when it is one."""
    candidates = [path] if path.is_file() else sorted(path.rglob("*"))
    return [file for file in candidates if file.suffix in suffixes and "node_modules" not in file.parts]


def shown(path: Path) -> str:
    """Returns the path as it is printed: relative to the repository when it is inside."""
    absolute = path.resolve()
    return str(absolute.relative_to(ROOT)) if absolute.is_relative_to(ROOT) else str(path)


def parse_typescript(paths: Sequence[Path]) -> dict[Path, TypeScriptFile]:
    """Returns bound names and imports of each file, by the compiler in web/node_modules."""
    if not paths:
        return {}
    command = ["node", str(ROOT / "tools/typescript.mjs"), *map(str, paths)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    parsed = cast("dict[str, TypeScriptFile]", json.loads(output))
    return {Path(name): file for name, file in parsed.items()}
