"""A folder is a rule: imports point down the list of folders (docs/architecture.md), read from the source."""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tools import cycles

ROOT = Path(__file__).parents[3]
LAYER = ROOT / "layers/common/python"
# Each folder may import itself and the folders before it. The modules of the layer's root come first.
LAYERS = ("vitals", "model", "codec", "aws", "store", "ace", "pipeline", "reading", "http")
OUTSIDE = ("operations", "local", "tools", "bench", "tests")
# What is pure has no door to the outside.
PURE = {"model", "codec"}
PURE_PACKAGES = {"numpy", "orjson", "pyarrow", "tzdata", "zstandard", "vitals"}
# The runtime itself, the deadline that it hands out, and the sockets of the upstream's client.
DOORS = {"aws/runtime.py", "aws/clients.py", "ace/total_timeout.py"}
MAX_MODULES = 16
MAX_APP_LINES = 60

PRODUCT = sorted([*LAYER.rglob("*.py"), *ROOT.glob("functions/**/*.py")])
CLIENT = sorted((ROOT / "client/src").rglob("*.py"))
EVERYTHING = sorted(
    [*PRODUCT, *CLIENT, *(path for folder in OUTSIDE[:-1] for path in (ROOT / folder).rglob("*.py"))]
)


@cache
def imported(path: Path) -> frozenset[str]:
    """Dotted names that a file imports, those for type checking only left out."""
    tree = ast.parse(path.read_text())
    checking = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for child in ast.walk(node)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in checking:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def roots(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported(path)}


def folder(parts: tuple[str, ...]) -> str:
    """The folder of the layer that a dotted name or path below `vitals` belongs to."""
    return parts[1] if len(parts) > 1 and parts[1] in LAYERS else "vitals"


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def modules_by_folder() -> Iterator[tuple[Path, int]]:
    for path in {path.parent for path in EVERYTHING}:
        yield path, sum(child.stem != "__init__" for child in path.glob("*.py"))


def test_every_folder_of_the_layer_has_its_rank() -> None:
    assert {path.name for path in (LAYER / "vitals").iterdir() if (path / "__init__.py").exists()} == set(
        LAYERS[1:]
    )


@pytest.mark.parametrize("path", sorted(LAYER.rglob("*.py")), ids=relative)
def test_the_layer_imports_downwards(path: Path) -> None:
    own = folder(path.relative_to(LAYER).with_suffix("").parts)
    uses = {folder(tuple(name.split("."))) for name in imported(path) if name.startswith("vitals.")}
    above = {used for used in uses if LAYERS.index(used) > LAYERS.index(own)}
    assert not above
    if own in PURE:
        outside = {name for name in roots(path) if name not in sys.stdlib_module_names}
        assert outside <= PURE_PACKAGES


@pytest.mark.parametrize("path", PRODUCT, ids=relative)
def test_the_product_imports_nothing_that_is_not_deployed(path: Path) -> None:
    functions = {child.name for child in (ROOT / "functions").iterdir() if child.is_dir()}
    own = path.relative_to(ROOT).parts[1] if path.is_relative_to(ROOT / "functions") else None
    assert not roots(path) & {*OUTSIDE, "moto", "vitals_client"}
    assert roots(path) & functions <= {own}


@pytest.mark.parametrize("path", CLIENT, ids=relative)
def test_the_client_imports_nothing_of_the_product(path: Path) -> None:
    functions = {child.name for child in (ROOT / "functions").iterdir() if child.is_dir()}
    assert not roots(path) & {*functions, *OUTSIDE, "vitals", "boto3", "botocore"}
    if "cli" not in path.parts and path.name != "__main__.py":
        assert not roots(path) & {"typer", "rich"}
        assert not any(f"{name}.".startswith("vitals_client.cli.") for name in imported(path))


@pytest.mark.parametrize("path", PRODUCT, ids=relative)
def test_only_config_reads_the_environment(path: Path) -> None:
    assert bool(re.search(r"os\.environ|getenv", path.read_text())) == (path.name == "config.py")


def test_no_folder_has_too_many_modules() -> None:
    assert not {relative(path): count for path, count in modules_by_folder() if count > MAX_MODULES}


@pytest.mark.parametrize("path", PRODUCT, ids=relative)
def test_only_the_runtime_uses_time_and_random_numbers(path: Path) -> None:
    doors = {"random", "time", "uuid", "concurrent.futures.ThreadPoolExecutor"}
    opened = {name for name in imported(path) if name in doors}
    assert not opened or relative(path).removeprefix("layers/common/python/vitals/") in DOORS


@pytest.mark.parametrize("path", sorted(ROOT.glob("functions/**/app.py")), ids=relative)
def test_an_app_holds_nothing_but_wiring(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_APP_LINES


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert cycles.main([str(ROOT)]) == 0
