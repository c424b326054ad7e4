"""`python -m local.stack up|run|down`."""

import sys

from local.stack.lifecycle import main

sys.exit(main())
