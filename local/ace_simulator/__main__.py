"""`python -m local.ace_simulator --port P`."""

import sys

from local.ace_simulator.command import main

sys.exit(main())
