"""`python -m local.athena --port P`."""

import sys

from local.athena.server import main

sys.exit(main())
