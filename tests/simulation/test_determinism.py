"""A scenario is the same in every process: a problem that a seed shows can be looked at again."""

import json
import os
import subprocess
import sys
from hashlib import sha256
from typing import Any

import pytest

from tests.simulation.run import Run, Scenario
from tests.simulation.stack import BUCKET, QUEUES
from tests.support.template import ROOT

_PLAY = "from tests.simulation.test_determinism import play; play()"
_PATH = os.pathsep.join([str(ROOT / "functions"), str(ROOT / "layers/common/python")])
_TABLES = ("HotTable", "StateTable")


@pytest.fixture(scope="module")
def played() -> list[Any]:
    """Returns what two processes print, whose texts have other hashes."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", _PLAY],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": _PATH, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    return [json.loads(process.communicate()[0].splitlines()[-1]) for process in processes]


@pytest.mark.parametrize("part", ["figures", "problems", "time", "switches", *_TABLES, "bucket", "queues"])
def test_two_processes_play_the_same(played: list[Any], part: str) -> None:
    first, second = played
    assert first[part] == second[part]


def play() -> None:
    """Plays a short scenario, and prints its figures and a digest of each store."""
    run = Run(Scenario(seed=3, days=1, points=12))
    figures = run.play()
    cloud = run.cloud
    print(
        json.dumps(
            {
                "figures": repr(figures),
                "problems": run.problems.texts,
                "time": run.scheduler.now_ms,
                "switches": run.scheduler.switches,
                **{table: _digest(sorted(map(_written, cloud.dynamodb.items(table)))) for table in _TABLES},
                "bucket": _digest([(key, cloud.s3.read(BUCKET, key)) for key in cloud.s3.objects(BUCKET)]),
                "queues": _digest([cloud.sqs.bodies(queue) for queue in QUEUES]),
            }
        )
    )


def _written(item: Any) -> str:
    """Returns an item as text, whatever the order of its attributes."""
    return repr(sorted(item.items()))


def _digest(content: Any) -> str:
    return sha256(repr(content).encode()).hexdigest()
