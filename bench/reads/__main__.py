"""CPU of the query handler per read, with canned answers of AWS, against another checkout of the product.

python -m bench.reads [--against CHECKOUT] [--points N] [--runs N]
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from bench.reads.checkout import QUERIES, ROOT, Checkout
from bench.reads.site import Size


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.reads", description=__doc__)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--points", type=int, default=640)
    parser.add_argument("--full", type=int, default=10, help="groups with all their samples")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--files", type=Path, help="folder that keeps the day files for the next run")
    parser.add_argument("queries", nargs="*", default=QUERIES)
    options = parser.parse_args()
    if options.against and not (options.against / "layers/common/python/vitals").is_dir():
        parser.error(f"{options.against} is not a checkout of the product")
    size = Size(options.points, options.full)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.files or Path(temporary)
        paths = [ROOT, *([options.against] if options.against else [])]
        checkouts = [Checkout(path, folder / path.name, size) for path in paths]
        for checkout in checkouts:
            checkout.read()
        for name in options.queries:
            results = [[checkout.measure(name) for checkout in checkouts] for _ in range(options.runs)]
            columns = list(zip(*results, strict=True))
            medians = [statistics.median(r["cpu_ms"] for r in column) for column in columns]
            requests = [column[-1]["requests"] for column in columns]
            same = len({r["digest"] for column in columns for r in column}) == 1
            ratio = f"{medians[0] / medians[1]:6.2f} of it" if len(medians) > 1 else ""
            print(
                f"  {name:<12}{columns[0][-1]['samples']:>10,} samples "
                + " ".join(f"{m:9.2f} ms {r:4d} requests" for m, r in zip(medians, requests, strict=True)),
                ratio,
                "" if same else "ANSWERS DIFFER",
                columns[0][-1].get("pandas", ""),
                flush=True,
            )
        for checkout in checkouts:
            checkout.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
