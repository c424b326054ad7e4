"""The file in which the running local stack describes itself, and clients of its AWS."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from operations.errors import OperatorError

ROOT = Path(__file__).resolve().parent.parent
STACK_FILE = "stack.json"
# An invoke answers when the function does, and EtlFunction may take 300 s.
_READ_SECONDS = 310


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """Returns the folder of a stack's pid files, logs and build."""
    return ROOT / environ.get("VITALS_HOME", ".local")


def running_stack(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Returns the description of the running stack; OperatorError when there is none."""
    path = home(environ) / STACK_FILE
    if not path.exists():
        raise OperatorError("no local stack is running; start one with `make up`")
    description: dict[str, Any] = json.loads(path.read_text())
    return description


def client(stack: Mapping[str, Any], service: Any, *, attempts: int = 2) -> Any:
    """Returns a client of the emulated AWS of a local stack, whatever AWS settings this shell has."""
    return boto3.client(
        service,
        endpoint_url=stack["aws_endpoint"],
        region_name=stack["region"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(
            connect_timeout=3, read_timeout=_READ_SECONDS, retries={"total_max_attempts": attempts}
        ),
    )
