"""Makes the logger, metrics and tracer of a function from the POWERTOOLS_ variables of its environment."""

from aws_lambda_powertools import Logger, Metrics, Tracer


def logger() -> Logger:
    """Returns a JSON logger with RFC 3339 timestamps."""
    return Logger(use_rfc3339=True)


def metrics() -> Metrics:
    """Returns the metrics that a function sends with `flush_metrics`."""
    return Metrics()


def tracer(*packages: str) -> Tracer:
    """Returns a tracer of calls to AWS and of calls by other packages, which patching imports."""
    return Tracer(patch_modules=("botocore", *packages))
