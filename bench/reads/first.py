"""The first archive read of a process: `python -m bench.reads.first ANSWERS`."""

import json
import pickle
import sys
import time
from pathlib import Path

from bench import tiers
from bench.measures.canned import Canned
from bench.query import CONTEXT
from bench.reads import site
from bench.reads.worker import checked, executor
from query import app


def main(file: str) -> None:
    """Prints the CPU of a hot read and of the first archive read after it, and whether pandas was loaded."""
    canned = Canned()
    canned._answers, hot, archive = pickle.loads(Path(file).read_bytes())
    canned.recording = False
    dynamodb, s3 = canned.client("dynamodb"), canned.client("s3")
    tiers.serve(executor(dynamodb, s3), dynamodb, None, site.NOW_MS)
    app.handler(hot, CONTEXT)
    canned.own_s, before, began_s = 0.0, canned.requests, time.process_time()
    reply = app.handler(archive, CONTEXT)
    cpu_s = time.process_time() - began_s - canned.own_s
    digest, samples = checked(reply)
    loaded = sorted({name.partition(".")[0] for name in sys.modules} & {"pandas", "awswrangler"})
    print(
        json.dumps(
            {
                "cpu_ms": cpu_s * 1000,
                "requests": canned.requests - before,
                "samples": samples,
                "digest": digest,
                "pandas": loaded,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
