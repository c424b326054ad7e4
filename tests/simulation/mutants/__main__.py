"""`python -m tests.simulation.mutants [NAME…]`."""

import sys

from tests.simulation.mutants.command import main

sys.exit(main())
