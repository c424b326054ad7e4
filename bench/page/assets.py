"""What a first visit of the page loads."""

import gzip

from operations.errors import OperatorError
from operations.stack_file import ROOT

BUILT = ROOT / "functions/query/web"
MOST_BYTES = 180_000


def sizes() -> dict[str, int]:
    """The gzipped bytes of each file of the page, which must have been built."""
    if not (BUILT / "index.html").exists():
        raise OperatorError("the page is not built; `make build` does it")
    files = [path for path in BUILT.rglob("*") if path.is_file()]
    return {str(path.relative_to(BUILT)): len(gzip.compress(path.read_bytes())) for path in files}
