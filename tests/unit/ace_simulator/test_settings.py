"""The simulator's settings are validated."""

from typing import Any

import pytest

from local.ace_simulator.settings import SimulatorSettings


@pytest.mark.parametrize("settings", [{"points": 0}, {"interval_s": 1}, {"sites": ("a/b",)}])
def test_invalid_settings_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        SimulatorSettings(**settings)
