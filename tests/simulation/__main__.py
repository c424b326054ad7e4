"""`python -m tests.simulation --seed 1 --days 30`."""

import sys

from tests.simulation.command import main

sys.exit(main())
