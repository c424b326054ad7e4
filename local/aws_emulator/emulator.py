"""Runs ministack, an AWS emulator, with patches for what template.yaml needs and ministack lacks.

Each module patches one subject and says what ministack lacks there. Run it with the Python of .venv-sam, so
that a function finds its packages in its layer and nowhere else; the modules import nothing but ministack and
its dependencies.
"""

from ministack import app

from local.aws_emulator import (
    cloudformation,
    functions,
    gateway_import,
    gateway_responses,
    layers,
    queues,
    releases,
    stepfunctions,
    usage_plans,
)


def main() -> None:
    """Serves on BIND_HOST:GATEWAY_PORT until it is stopped."""
    gateway_import.patch()
    gateway_responses.patch()
    usage_plans.patch()
    cloudformation.patch()
    releases.patch()
    stepfunctions.patch()
    functions.patch()
    layers.patch()
    queues.patch()
    app.main()
