"""`python -m tests.simulation --seed 1 --days 30`; another product comes first in PYTHONPATH."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "functions"))

from tests.simulation.command import main

sys.exit(main())
