"""The environment of a handler in a bench: no account, no metrics, and only errors in the log."""

import os
from typing import Any
from unittest import mock

from vitals.aws.clients import CONFIG, made_client

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_DEFAULT_REGION": "us-east-1",
    "POWERTOOLS_METRICS_NAMESPACE": "Vitals",
    "POWERTOOLS_METRICS_DISABLED": "true",
    "POWERTOOLS_SERVICE_NAME": "bench",
    "POWERTOOLS_LOG_LEVEL": "ERROR",
}


def client(service: str) -> Any:
    """Returns a client as functions in the background have."""
    with mock.patch.dict(os.environ, ENVIRONMENT):
        return made_client.__wrapped__(service, CONFIG)
