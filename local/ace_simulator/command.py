"""`python -m local.ace_simulator --port P` serves a simulated ACE IoT API until SIGTERM or SIGINT."""

import argparse
import signal
import threading
from collections.abc import Sequence
from pathlib import Path

from local.ace_simulator import faults
from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until SIGTERM or SIGINT and returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        settings = _settings(options)
        simulator = Simulator(settings)
        url = simulator.start(options.port)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    print(f"{url} serves {', '.join(settings.site_names)}, anchor {simulator.anchor_ms}", flush=True)
    stopped.wait()
    simulator.stop()
    return 0


def _settings(options: argparse.Namespace) -> SimulatorSettings:
    return SimulatorSettings(
        sites=tuple(filter(None, options.sites.split(","))),
        points=options.points,
        interval_s=options.interval,
        seed=options.seed,
        api_key=options.api_key,
        replay=options.replay,
        anchor_ms=options.anchor_ms,
        faults=faults.parse(options.faults),
        uniform_times=options.uniform_times,
        opened_days_ago=options.opened_days_ago,
    )


def _parser() -> argparse.ArgumentParser:
    default = SimulatorSettings()
    parser = argparse.ArgumentParser(prog="python -m local.ace_simulator", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="the port to listen on; 0 takes a free one")
    parser.add_argument("--points", type=int, default=default.points, help="configured points per site")
    parser.add_argument(
        "--interval", type=int, default=default.interval_s, help="seconds from one reading to the next"
    )
    parser.add_argument("--seed", type=int, default=default.seed, help="seed of readings and faults")
    parser.add_argument("--sites", default="", help="site names, separated by commas")
    parser.add_argument("--api-key", default=default.api_key, help="the key that requests must send")
    parser.add_argument("--replay", type=Path, help="a folder of CSV files to serve instead")
    parser.add_argument("--anchor-ms", type=int, help="when replayed data ends, in UTC ms (default: now)")
    parser.add_argument("--faults", default="", help="for example 5xx=0.05,late=0.1,late_minutes=30")
    parser.add_argument("--opened-days-ago", type=int, help="days before today that have readings")
    parser.add_argument(
        "--uniform-times", action="store_true", help="write every time as whole seconds with Z"
    )
    return parser
