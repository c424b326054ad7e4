"""Logger, metrics and tracer of a function, as the Powertools variables of the template name them."""

from aws_lambda_powertools import Logger, Metrics, Tracer

from vitals import config

# X-Ray is given only what this product calls; patching everything imports half of PyPI.
_TRACED = ("botocore", "requests")


def logger() -> Logger:
    return Logger(use_rfc3339=True)


def metrics() -> Metrics:
    return Metrics()


def tracer() -> Tracer:
    # Patching imports the X-Ray SDK, which makes a client of its own (0.13 s), also for a disabled tracer.
    enabled = config.tracing()
    return Tracer(disabled=not enabled, auto_patch=enabled, patch_modules=_TRACED)
