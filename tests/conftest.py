"""The environment that the template gives the functions, before any handler is imported."""

import os

os.environ |= {
    "AWS_DEFAULT_REGION": "us-east-1",
    "POWERTOOLS_METRICS_NAMESPACE": "Vitals",
    "POWERTOOLS_SERVICE_NAME": "test",
}
