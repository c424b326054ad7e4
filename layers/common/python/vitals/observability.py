"""Logger, metrics and tracer of a function, as the Powertools variables of the template name them."""

from aws_lambda_powertools import Logger, Metrics, Tracer

# X-Ray is given only what this product calls; patching everything imports half of PyPI.
_TRACED = ("botocore", "requests")


def logger() -> Logger:
    return Logger(use_rfc3339=True)


def metrics() -> Metrics:
    return Metrics()


def tracer() -> Tracer:
    return Tracer(patch_modules=_TRACED)
