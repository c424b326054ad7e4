"""The file in which the local stack says where it is."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from operations.problem import Problem

ROOT = Path(__file__).resolve().parent.parent
STACK_FILE = "stack.json"


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of a stack's pid files, logs and build."""
    return ROOT / environ.get("VITALS_HOME", ".local")


def running_stack(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """What the stack that is up says of itself; Problem when none is up."""
    stack_file = home(environ) / STACK_FILE
    if not stack_file.exists():
        raise Problem("no stack is up; `make up` starts one")
    found: dict[str, Any] = json.loads(stack_file.read_text())
    return found
