"""Logger, metrics and tracer of a function, as the Powertools variables of the template name them."""

from aws_lambda_powertools import Logger, Metrics, Tracer


def logger() -> Logger:
    return Logger(use_rfc3339=True)


def metrics() -> Metrics:
    return Metrics()


def tracer(*called: str) -> Tracer:
    """Traces AWS calls and those of the other packages named; patching a package imports it."""
    return Tracer(patch_modules=("botocore", *called))
