"""The environment that the template gives the functions, before any handler is imported."""

import os
import zoneinfo

import pytest
from hypothesis import HealthCheck, settings

from tests.support.iam.usage import Usage

os.environ |= {
    "AWS_DEFAULT_REGION": "us-east-1",
    "POWERTOOLS_METRICS_NAMESPACE": "Vitals",
    "POWERTOOLS_SERVICE_NAME": "test",
    # For the processes that tests start.
    "PYTHONTZPATH": "",
}
zoneinfo.reset_tzpath(())

# Shared machines stall for longer than hypothesis's 0.2 s an example; a test's time says nothing of it.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Usage(config), "policies")
