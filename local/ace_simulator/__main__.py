"""Serves simulated sites: `python -m local.ace_simulator --port P`."""

import sys

from local.ace_simulator.simulator import main

sys.exit(main())
