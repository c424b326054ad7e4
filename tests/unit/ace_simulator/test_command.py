"""`python -m local.ace_simulator`."""

import http.client
import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local.ace_simulator.command import main
from tests.support.ace_simulator import (
    SITE,
    call,
)

ROOT = Path(__file__).resolve().parents[3]


def test_the_command_serves_until_sigterm() -> None:
    command = [sys.executable, "-m", "local.ace_simulator", "--port", "0", "--points", "5"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().split()[0]
        link = http.client.HTTPConnection("127.0.0.1", urlsplit(url).port or 0, timeout=5)
        try:
            assert call(link, "GET", "/api/sites")[1]["items"][0]["name"] == SITE
        finally:
            link.close()
            process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


@pytest.mark.parametrize("arguments", [["--faults", "5xx=2"], ["--replay", os.devnull], ["--points", "0"]])
def test_the_command_refuses_invalid_arguments(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["--port", "0", *arguments])
    assert "error: " in capsys.readouterr().err
