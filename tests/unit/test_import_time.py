"""Cold start: what importing a handler costs, in CPU time, which other processes do not change."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CEILING_S = 0.5
_MEASURE = """
import time
before = time.process_time()
import {module}
print(time.process_time() - before)
"""


@pytest.mark.parametrize("module", ["etl.app", "query.app", "archival.app", "authorizer.app"])
def test_a_handler_imports_within_the_ceiling(module: str) -> None:
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "functions"), str(ROOT / "layers/common/python")]),
        # The X-Ray SDK loads its sampling rules outside of Lambda only.
        "LAMBDA_TASK_ROOT": "/var/task",
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", _MEASURE.format(module=module)]
    costs: list[float] = []
    # Shared machines slow whole seconds down; one undisturbed run shows what the import costs.
    while len(costs) < 12 and (not costs or min(costs) > CEILING_S):
        run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
        costs.append(float(run.stdout))
    assert min(costs) <= CEILING_S, costs
