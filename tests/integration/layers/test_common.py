"""The layer as `sam build` makes it: small enough, and complete without the development environment."""

import subprocess
import sys
from pathlib import Path

import boto3
import pytest

ROOT = Path(__file__).parents[3]
MODULES = [
    "pyarrow.parquet",
    "pandas",
    "awswrangler",
    "numpy",
    "orjson",
    "ormsgpack",
    "tsdownsample",
    "zstandard",
    "aws_lambda_powertools",
    "aws_lambda_powertools.event_handler",
    "aws_xray_sdk.core",
    "pydantic",
    "requests",
    "vitals.store.state.tokens",
]
# The Lambda runtime's own packages.
RUNTIME = ["boto3", "botocore", "s3transfer", "jmespath"]
# AWS allows 262,144,000 bytes (250 MB) for layer and function together.
LIMIT = 230 * 2**20


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("layer")
    command = ["make", "-s", "-f", "layers/common/Makefile", "build-CommonLayer", f"ARTIFACTS_DIR={built}"]
    subprocess.run(command, cwd=ROOT, timeout=600, check=True)
    return built


def test_it_leaves_room_in_lambdas_250_mb(layer: Path) -> None:
    size = sum(file.stat().st_size for file in layer.rglob("*") if file.is_file())
    assert size < LIMIT


def test_everything_imports_from_layer_and_runtime_alone(layer: Path, tmp_path: Path) -> None:
    installed = Path(boto3.__file__).parent.parent
    for package in RUNTIME:
        (tmp_path / package).symlink_to(installed / package)
    script = f"for name in {MODULES}:\n    __import__(name)"
    subprocess.run(
        # -S leaves this environment's site-packages out.
        [sys.executable, "-S", "-c", script],
        env={"PYTHONPATH": f"{layer / 'python'}:{tmp_path}", "AWS_DEFAULT_REGION": "us-east-1"},
        cwd=tmp_path,
        timeout=120,
        check=True,
    )


def test_the_assets_of_the_docs_page_are_in(layer: Path) -> None:
    folder = layer / "python/aws_lambda_powertools/event_handler/openapi/swagger_ui"
    assert {path.suffix for path in folder.iterdir()} >= {".js", ".css"}


def test_what_handlers_import_comes_with_bytecode(layer: Path) -> None:
    for module in (
        "vitals/store/tiers/hot",
        "numpy/__init__",
        "pyarrow/parquet/core",
        "aws_lambda_powertools/logging/logger",
    ):
        source = layer / "python" / f"{module}.py"
        assert (source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc").exists()
