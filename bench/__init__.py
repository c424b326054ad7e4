"""What the product costs, in deterministic units and in ratios within one run: `make bench`."""

import sys
from pathlib import Path

# The functions' and the layer's modules, which lie outside the folder that `python -m bench` starts in.
_ROOT = Path(__file__).parent.parent
sys.path += [str(_ROOT / "functions"), str(_ROOT / "layers/common/python")]
