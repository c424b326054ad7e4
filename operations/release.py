"""What a release of a stage needs: `python -m operations.release architecture|parameters|stamp STAGE`.

SAM publishes a new version of a function when its text in the template changes. A parameter is only named
there, so a release that changes parameters alone would leave every alias at the settings before. Hence the
built template is stamped with a digest of the parameters.
"""

import hashlib
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from operations import template
from operations.errors import OperatorError
from operations.stack_file import ROOT

_UNSTAMPED = "SETTINGS_DIGEST: unstamped"


def samconfig() -> dict[str, Any]:
    """Returns samconfig.toml."""
    return tomllib.loads((ROOT / "samconfig.toml").read_text())


def overrides(config: Mapping[str, Any], stage: str) -> list[str]:
    """Returns the parameters of a stage as `Name=value`; OperatorError when there is no such stage."""
    if stage not in config:
        raise OperatorError(f"samconfig.toml has no stage {stage!r}")
    text: str = config[stage]["deploy"]["parameters"]["parameter_overrides"]
    return text.split()


def complete(parameters: Sequence[str]) -> list[str]:
    """Returns these parameters and the defaults of the others, as sam takes them.

    For a parameter that is not passed, sam keeps the value that the stack has, also when its default changes.
    """
    named = {parameter.partition("=")[0] for parameter in parameters}
    defaults = {name: p["Default"] for name, p in template.load()["Parameters"].items() if "Default" in p}
    others = {name: str(default) for name, default in defaults.items() if name not in named}
    # sam takes an empty value in quotes only.
    return [*parameters, *(f"{name}={value or chr(34) * 2}" for name, value in others.items())]


def architecture(parameters: Sequence[str]) -> str:
    """Returns the processors of the functions, for which the layer is built; `parameters` are complete."""
    return dict(parameter.split("=", 1) for parameter in parameters)["Architecture"]


def stamp(built: Path, parameters: Sequence[str]) -> None:
    """Writes a digest of the parameters into a built template; OperatorError when it has no place for it."""
    text = built.read_text()
    if text.count(_UNSTAMPED) != 1:
        raise OperatorError(f"{built} was not built from this template.yaml")
    digest = hashlib.sha256("\n".join(parameters).encode()).hexdigest()[:16]
    built.write_text(text.replace(_UNSTAMPED, f"SETTINGS_DIGEST: digest-{digest}"))


def main(arguments: Sequence[str]) -> int:
    """Runs the command and returns the exit code."""
    try:
        command, stage = arguments
        parameters = complete(overrides(samconfig(), stage))
        if command == "architecture":
            print(architecture(parameters))
        elif command == "parameters":
            print(*parameters)
        else:
            stamp(ROOT / ".aws-sam" / "build" / "template.yaml", parameters)
    except OperatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
