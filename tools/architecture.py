"""Prints the processors that a stage of samconfig.toml deploys to: `python -m tools.architecture prod`."""

import re
import sys
import tomllib
from collections.abc import Mapping
from typing import Any

from tools.sources import ROOT

_DEFAULT = "x86_64"
"""The default of the template's parameter Architecture."""


def architecture(config: Mapping[str, Any], stage: str) -> str:
    """Returns the parameter Architecture of a stage; ValueError when there is no such stage."""
    if stage not in config:
        raise ValueError(f"samconfig.toml has no stage {stage!r}")
    overrides = config[stage]["deploy"]["parameters"]["parameter_overrides"]
    match = re.search(r"\bArchitecture=(\S+)", overrides)
    return match[1] if match else _DEFAULT


def main() -> int:
    """Prints the architecture of the stage that the command line names."""
    try:
        print(architecture(tomllib.loads((ROOT / "samconfig.toml").read_text()), sys.argv[1]))
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
