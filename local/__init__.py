"""Development tools; nothing here is deployed."""

import sys
from pathlib import Path

# The layer's modules, which lie outside the folder that `python -m local.…` starts in.
sys.path.append(str(Path(__file__).parent.parent / "layers" / "common" / "python"))
