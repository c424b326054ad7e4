"""The layers as `sam build` makes them: small enough, and complete without the development environment."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import boto3
import pytest

from tests.support.template import template

ROOT = Path(__file__).parents[3]
NAMES = {"CommonLayer": "common", "AthenaLayer": "athena"}
COMMON = [
    "pyarrow.parquet",
    "numpy",
    "orjson",
    "ormsgpack",
    "pybase64",
    "tsdownsample",
    "zstandard",
    "aws_lambda_powertools",
    "aws_lambda_powertools.event_handler",
    "aws_xray_sdk.core",
    "pydantic",
    "requests",
    "vitals.store.state.tokens",
]
OF_ATHENA = ["pandas", "awswrangler"]
# The Lambda runtime's own packages.
RUNTIME = ["boto3", "botocore", "s3transfer", "jmespath"]
MEGABYTE = 2**20
# AWS allows 262,144,000 bytes (250 MB) for the layers and the code of a function together.
LIMIT = 250 * MEGABYTE
COMMON_LIMIT = 205 * MEGABYTE
# Everything that a function does with a day file, where no package but those of the common layer exists.
DAY_FILE = """
import io, struct
from vitals.codec import day_file, day_file_reader
from vitals.model.samples import from_columns
day, sink = 1_767_225_600_000, io.BytesIO()
rows = [(0, day + 1, 0.1), (0, day + 60_000, -0.0), (1, day + 2, 21.5)]
samples = from_columns(*zip(*rows))
day_file.write(sink, "mill", "2026-01-01", [day_file.Group(["a", "b"], samples)])
data = sink.getvalue()
tail = data[-day_file_reader.TAIL_BYTES :]
read = lambda start, end: data[start:end]
footer = day_file_reader.read_footer(tail, len(data), read, "mill", "2026-01-01")
[group] = [day_file_reader.decode(footer, g, data[g.start : g.end]) for g in footer.row_groups]
result = group.samples
bits = [struct.pack("<d", value) for value in result.values.tolist()]
assert list(zip(result.ids.tolist(), result.times.tolist())) == [row[:2] for row in rows]
assert bits == [struct.pack("<d", value) for _, _, value in rows]
"""


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders: dict[str, Path] = {}
    for target, name in NAMES.items():
        folders[target] = tmp_path_factory.mktemp(name)
        makefile = f"layers/{name}/Makefile"
        command = ["make", "-s", "-f", makefile, f"build-{target}", f"ARTIFACTS_DIR={folders[target]}"]
        subprocess.run(command, cwd=ROOT, timeout=600, check=True)
    return folders


def run(code: str, folders: Iterable[Path], tmp_path: Path) -> None:
    """Runs code with these layers and the runtime's packages."""
    installed = Path(boto3.__file__).parent.parent
    for package in RUNTIME:
        (tmp_path / package).symlink_to(installed / package)
    paths = [*(folder / "python" for folder in folders), tmp_path]
    subprocess.run(
        # -S leaves this environment's site-packages out.
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": os.pathsep.join(map(str, paths)), "AWS_DEFAULT_REGION": "us-east-1"},
        cwd=tmp_path,
        timeout=120,
        check=True,
    )


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def test_every_layer_of_the_template_is_built() -> None:
    resources = template()["Resources"]
    built = {name for name, resource in resources.items() if resource["Type"].endswith("LayerVersion")}
    assert built == NAMES.keys()


def test_layers_and_code_are_within_lambdas_limit(layers: dict[str, Path]) -> None:
    code = size(ROOT / "functions")
    assert size(layers["CommonLayer"]) < COMMON_LIMIT
    assert sum(map(size, layers.values())) + code < LIMIT


def test_the_layers_have_no_file_in_common(layers: dict[str, Path]) -> None:
    files = [
        {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
        for folder in layers.values()
    ]
    assert not set.intersection(*files)


def test_everything_imports_from_layers_and_runtime_alone(layers: dict[str, Path], tmp_path: Path) -> None:
    run(f"for name in {COMMON + OF_ATHENA}:\n    __import__(name)", layers.values(), tmp_path)


def test_the_common_layer_needs_no_other(layers: dict[str, Path], tmp_path: Path) -> None:
    imports = f"for name in {COMMON}:\n    __import__(name)\n"
    absent = f"from importlib.util import find_spec\nassert not any(map(find_spec, {OF_ATHENA}))\n"
    run(imports + absent + DAY_FILE, [layers["CommonLayer"]], tmp_path)


def test_the_assets_of_the_docs_page_are_in(layers: dict[str, Path]) -> None:
    assets = "python/aws_lambda_powertools/event_handler/openapi/swagger_ui"
    folder = layers["CommonLayer"] / assets
    assert {path.suffix for path in folder.iterdir()} >= {".js", ".css"}


@pytest.mark.parametrize(
    ("layer", "module"),
    [
        ("CommonLayer", "vitals/store/tiers/hot"),
        ("CommonLayer", "numpy/__init__"),
        ("CommonLayer", "pyarrow/parquet/core"),
        ("CommonLayer", "aws_lambda_powertools/logging/logger"),
        ("AthenaLayer", "pandas/core/frame"),
        ("AthenaLayer", "awswrangler/athena/_read"),
    ],
)
def test_what_functions_import_comes_with_bytecode(layers: dict[str, Path], layer: str, module: str) -> None:
    source = layers[layer] / "python" / f"{module}.py"
    assert (source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc").exists()
