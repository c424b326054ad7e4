"""Makes the logger, metrics and traces of a function from the POWERTOOLS_ variables of its environment."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer

from vitals import config


def logger() -> Logger:
    """Returns a JSON logger with RFC 3339 timestamps."""
    return Logger(use_rfc3339=True)


def metrics() -> Metrics:
    """Returns the metrics that a function sends with `flush_metrics`."""
    return Metrics()


def traced[F: Callable[..., Any]](handler: F, *packages: str) -> F | Callable[..., Any]:
    """Returns a handler whose calls to AWS and by these packages are traced, the same one without tracing."""
    # A Tracer imports the X-Ray SDK even when it is disabled.
    if config.load(config.TracingSettings).trace_disabled:
        return handler
    # Patching imports the packages.
    tracer = Tracer(patch_modules=("botocore", *packages))
    return tracer.capture_lambda_handler(handler, capture_response=False)
