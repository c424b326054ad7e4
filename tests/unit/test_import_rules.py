"""Who may import whom (docs/architecture.md), read from the source."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VITALS = ROOT / "layers/common/python/vitals"
PURE = {
    "aggregates",
    "blocks",
    "cost",
    "counts",
    "dayfile",
    "dayreader",
    "due",
    "errors",
    "items",
    "keys",
    "lenient",
    "listing",
    "pointset",
    "prices",
    "ranges",
    "readings",
    "rewrite",
    "samples",
    "segments",
    "staged",
    "timespan",
}
# What tiers share to talk to the outside.
WIRE = {"timed"}
TIERS = {
    "athena",
    "cache",
    "catalog",
    "circuit",
    "cold",
    "executions",
    "exports",
    "hot",
    "ledger",
    "pace",
    "queue",
    "rollups",
    "runs",
    "sites",
    "staging",
    "tokens",
    "upstream",
}
LOGIC = {"archiver", "daybuilder", "ingest"}
EDGE = {"ace", "aws", "config", "described", "edge", "http", "observability", "strict"}
PRODUCT = sorted([*ROOT.glob("functions/**/*.py"), *VITALS.glob("*.py")])
PURE_MAY_IMPORT = {"numpy", "orjson", "pyarrow", "zstandard", "vitals"}


def imports(path: Path) -> set[str]:
    """Dotted names that a file imports, those for type checking only left out."""
    tree = ast.parse(path.read_text())
    found = set()
    checking = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in checking:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def vitals_modules(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imports(path) if name.startswith("vitals.")}


CLIENT = sorted((ROOT / "client/src").glob("**/*.py"))


@pytest.mark.parametrize("path", CLIENT, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_client_knows_nothing_of_the_product(path: Path) -> None:
    roots = {name.split(".")[0] for name in imports(path)}
    product = {folder.name for folder in (ROOT / "functions").iterdir() if folder.is_dir()}
    assert not roots & (product | {"vitals", "local", "bench", "tests", "boto3", "botocore"})
    if "cli" not in path.parts and path.name != "__main__.py":
        assert not roots & {"typer", "rich"}
        assert not any(f"{name}.".startswith("vitals_client.cli.") for name in imports(path))


def is_standard(name: str) -> bool:
    import sys

    return name.split(".")[0] in sys.stdlib_module_names


def test_every_module_of_the_layer_has_a_place() -> None:
    assert {path.stem for path in VITALS.glob("*.py")} - {"__init__"} == PURE | WIRE | TIERS | LOGIC | EDGE


@pytest.mark.parametrize("name", sorted(PURE))
def test_pure_modules_import_pure_modules(name: str) -> None:
    path = VITALS / f"{name}.py"
    assert vitals_modules(path) <= PURE
    outside = {found.split(".")[0] for found in imports(path) if not is_standard(found)}
    assert outside <= PURE_MAY_IMPORT


@pytest.mark.parametrize("name", sorted(TIERS))
def test_a_tier_knows_no_other_tier(name: str) -> None:
    assert vitals_modules(VITALS / f"{name}.py") <= PURE | WIRE


@pytest.mark.parametrize("path", PRODUCT, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_product_knows_nothing_of_its_workshop(path: Path) -> None:
    roots = {name.split(".")[0] for name in imports(path)}
    assert not roots & {"local", "bench", "tests", "moto"}
    functions = {folder.name for folder in (ROOT / "functions").iterdir() if folder.is_dir()}
    own = path.relative_to(ROOT).parts[1] if path.is_relative_to(ROOT / "functions") else None
    assert roots & functions <= {own}


@pytest.mark.parametrize("path", PRODUCT, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_config_reads_the_environment_and_only_handlers_make_clients(path: Path) -> None:
    source = path.read_text()
    assert bool(re.search(r"os\.environ|getenv", source)) == (path.name == "config.py")
    if path.name != "app.py":
        assert "boto3.client(" not in source
        assert "time.time" not in source


@pytest.mark.parametrize("path", sorted(ROOT.glob("functions/**/app.py")), ids=lambda path: path.parent.name)
def test_handlers_are_short(path: Path) -> None:
    [handler] = [
        n for n in ast.parse(path.read_text()).body if isinstance(n, ast.FunctionDef) and n.name == "handler"
    ]
    assert len(path.read_text().splitlines()) <= 100
    assert (handler.end_lineno or 0) - handler.lineno < 30
