"""One seeded run of the whole product: a world, its faults, its users and its oracles."""

import gc
import json
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

import requests
from botocore.exceptions import ClientError

from tests.simulation import codec
from tests.simulation import stack as stacks
from tests.simulation.ace import faults as ace_faults
from tests.simulation.ace.book import Book, BookSettings
from tests.simulation.ace.days import Rates as ReadingRates
from tests.simulation.ace.deliveries import Delivery
from tests.simulation.ace.server import AceServer, Response
from tests.simulation.ace.session import session
from tests.simulation.api import Api
from tests.simulation.aws.cloud import Cloud
from tests.simulation.charts import Charts
from tests.simulation.desk import Desk
from tests.simulation.faults import Faults
from tests.simulation.operators import Operator
from tests.simulation.oracle.fetches import Fetches
from tests.simulation.oracle.problems import WRONG, Problems
from tests.simulation.oracle.stores import StoreOracle
from tests.simulation.process import BLOCK_PUT, Machine, Process, attempt
from tests.simulation.rest import RestCheck
from tests.simulation.scenario import Scenario
from tests.simulation.scheduler import Scheduler
from tests.simulation.settings import Administrator
from tests.simulation.stack import Invocation, Stack
from tests.simulation.users import Backfills, Exports
from tests.support.asl.execution import Execution
from vitals.errors import VitalsError
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span
from vitals.store.state.sites import SiteTable

FIRST_MS = 1_792_627_200_000
"""2026-10-22: the readings begin here, and the product some days later, when clocks change in Europe."""
HISTORY_DAYS = 3
# A request of the upstream has faults of its own.
_HTTP_KINDS = frozenset({"kill_before", "kill_after", "slow", "pause"})
_QUIET_MS = 30 * HOUR_MS
# Dead letters are sent again this long before everything is compared.
_LAST_TRY_MS = 5 * HOUR_MS
# The share of runs in which the listing is broken for longer than the re-reads go back.
_BROKEN_LISTINGS = 0.4
# What a function raises only if it, or the simulation, has a bug.
_BUGS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    NotImplementedError,
    TypeError,
    ValueError,
)
# What a service answers only if a request is wrong.
_ILLEGAL = frozenset({"ValidationException", "InvalidArgument", "AccessDenied"})
# The share of archivings after which a chart looks at the day at once.
_WATCHED = 0.5
# The share of deaths and long waits at which a chart looks; at the put of a block it looks at each.
_SUSPECTED = 0.1
# The share of these when a process writes today, as most do.
_TODAY = 0.1


@dataclass(slots=True)
class Figures:
    """What a run did."""

    samples: int
    faults: Counter[str]
    kills: int
    queries: int
    checked: int
    pages: int
    invocations: int
    statuses: dict[int, int] = field(default_factory=dict)


class Run:
    """A run of a scenario; `problems` has what its oracles found."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        start_ms = FIRST_MS + HISTORY_DAYS * DAY_MS
        self.span = Span(start_ms, start_ms + scenario.days * DAY_MS)
        self.scheduler = Scheduler(start_ms)
        self.problems = Problems()
        self.fetches = Fetches()
        self.faults = Faults(self._random("faults"), scenario.rates)
        self.machine = Machine(
            self.scheduler,
            self.faults,
            self._random("machine"),
            self._random("product"),
            self._interrupted,
        )
        self._jobs: dict[Process, Hashable] = {}
        self._events: dict[Process, Any] = {}
        self._names: dict[Process, Mapping[str, frozenset[str]]] = {}
        self._build_upstream()
        self.cloud = Cloud(self.machine, self._random("aws"), self._invoke_task)
        self.stack = Stack(
            self.machine,
            self.cloud.sqs,
            self.cloud.connect,
            self._session,
            began=self._began,
            ended=self._ended,
        )
        self.cloud.sent = self.stack.notify
        self.cloud.executed = self._executed
        self.stores = StoreOracle(
            cloud=self.cloud,
            sites=tuple(self.book.sites),
            hot_days=self.scenario.hot_days,
            fetches=self.fetches,
            problems=self.problems,
            now_ms=lambda: self.scheduler.now_ms,
        )
        self._open_desk()

    def _open_desk(self) -> None:
        self.api = Api(self.stack, tuple(self.book.sites))
        self.desk = Desk(
            api=self.api,
            scheduler=self.scheduler,
            random=self._random("users"),
            fetches=self.fetches,
            problems=self.problems,
            names=self._listed,
            hold_ms=self._hold_ms,
            synced_ms=self._synced_ms,
            first_ms=FIRST_MS,
            end_ms=self.span.end_ms,
            activity=self.scenario.activity,
        )
        self.charts = Charts(self.desk)
        self.backfills = Backfills(self.desk)
        self.administrator = Administrator(self.desk, self._random("administrator"))
        self.exports = Exports(self.desk, self.cloud.s3.open_link, self.stores.export_completed)

    def _listed(self, site: str) -> list[str]:
        """Returns the points that the site ever had; the weather's samples are not in the book."""
        return sorted(name for name in self.cloud.catalog(site) if not name.startswith("weather."))

    def _hold_ms(self, site: str, name: str) -> int:
        """Returns how long a sample of a point is held: two and a half of its listed intervals."""
        point = self.book.sites[site].by_name.get(name)
        return 2_500 * ((point and point.listed_interval_s) or 900)

    def _synced_ms(self, site: str) -> int:
        """Returns up to when a site is synced."""
        record = SiteTable(cast(Any, self.cloud.direct), "StateTable").load(site)
        return (record and record.checkpoint_ms) or 0

    def _random(self, purpose: str) -> Random:
        return Random(f"{self.scenario.seed}/{purpose}")

    def _build_upstream(self) -> None:
        settings = BookSettings(
            points=self.scenario.points,
            history_days=HISTORY_DAYS,
            rates=ReadingRates().scaled(self.scenario.activity),
        )
        self.book = Book(self._random("book"), self.span, settings)
        rates = ace_faults.USUAL if "upstream" in self.scenario.kinds else ace_faults.FaultRates()
        faults = ace_faults.Faults(
            self._random("ace"), rates, self.span, broken_listings=self._long_broken_listing()
        )
        self.outages = faults.outages
        self.upstream = AceServer(self.book, faults)

    def _long_broken_listing(self) -> tuple[Span, ...]:
        """Returns a time of more than a day in which no listing works, in some of the longer runs."""
        random = self._random("listing")
        if "upstream" not in self.scenario.kinds or random.random() > _BROKEN_LISTINGS:
            return ()
        length_ms = int(random.uniform(25, 50) * HOUR_MS)
        latest_ms = self.span.end_ms - length_ms
        if latest_ms <= self.span.start_ms:
            return ()
        start_ms = random.randint(self.span.start_ms, latest_ms)
        return (Span(start_ms, start_ms + length_ms),)

    def play(self, *, until_found: bool = False) -> Figures:
        """Runs the scenario to its end, or until a problem is found."""
        with (
            stacks.environment(tuple(self.book.sites), self.scenario.hot_days),
            codec.remembered(),
            _rare_collections(),
        ):
            try:
                self._start()
                while self.scheduler.now_ms < self.span.end_ms:
                    self.scheduler.run_until(min(self.span.end_ms, self.scheduler.now_ms + HOUR_MS))
                    if until_found and self.problems.total:
                        return self.figures()
                self._come_to_rest()
            finally:
                self.stack.forget()
                self.scheduler.close()
        return self.figures()

    def _come_to_rest(self) -> None:
        """Lets everything work for as long as the re-reads take, and compares the stores with the book."""
        self.faults.active = False
        self.upstream.faults.stop()
        rest_ms = self.span.end_ms + _QUIET_MS
        self.scheduler.run_until(rest_ms - _LAST_TRY_MS)
        self._redrive()
        self.scheduler.run_until(rest_ms)
        self.stores.at_rest()
        questions = RestCheck(
            charts=self.charts,
            backfills=self.backfills,
            exports=self.exports,
            administrator=self.administrator,
            cloud=self.cloud,
            book=self.book,
            outages=self.outages,
            span=Span(FIRST_MS, int(self.scheduler.now_ms)),
        )
        check = self.scheduler.spawn(questions.run)
        while not check.done:
            self.scheduler.run_until(self.scheduler.now_ms + HOUR_MS)

    def figures(self) -> Figures:
        """Returns what the run has done so far."""
        return Figures(
            samples=self.fetches.acknowledged,
            faults=self.faults.counts + self.upstream.faults.counts,
            kills=self.stack.kills,
            queries=self.desk.queries,
            checked=self.desk.checked,
            pages=self.desk.pages,
            invocations=self.stack.invocations,
            statuses=dict(sorted(self.api.statuses.items())),
        )

    def _start(self) -> None:
        spawn = self.scheduler.spawn
        self.stack.start()
        # A sync right after a window has closed comes before some of its readings.
        phase_ms = self._random("schedules").choice((0, 1, 3)) * MINUTE_MS
        spawn(lambda: self._every(5 * MINUTE_MS, phase_ms, "SyncQueue"))
        spawn(lambda: self._every(DAY_MS, 2 * HOUR_MS, "ArchiveQueue"))
        spawn(lambda: self._every(HOUR_MS, 40 * MINUTE_MS, "ExportQueueHigh"))
        spawn(self._operate)
        spawn(Operator(self.desk, self.stack, self._random("operator")).run)
        spawn(self.administrator.run)
        spawn(self.charts.run)
        spawn(self.backfills.run)
        spawn(self.exports.run)

    def _every(self, period_ms: int, offset_ms: int, queue: str) -> None:
        """Sends the schedule's message at each multiple of the period, now and then twice or not at all."""
        random = self.machine.random
        while True:
            due_ms = (int(self.scheduler.now_ms) - offset_ms) // period_ms * period_ms + period_ms + offset_ms
            self.scheduler.sleep(due_ms - self.scheduler.now_ms + random.uniform(0, 20_000))
            chance = random.random() if self.faults.active else 1.0
            if chance < 0.01 * self.scenario.faults:
                self.faults.counts["schedule_missed"] += 1
                continue
            self.stack.send(queue, "{}")
            if chance < 0.03 * self.scenario.faults:
                self.faults.counts["schedule_doubled"] += 1
                self.stack.send(queue, "{}")

    def _operate(self) -> None:
        """Does what happens by the hour: the reapers of AWS, and the operator with the dead letters."""
        random = self.machine.random
        while True:
            self.scheduler.sleep(random.uniform(0.5, 1.5) * HOUR_MS)
            self.cloud.reap()
            if random.random() < 0.2:
                self._redrive()

    def _redrive(self) -> None:
        """Sends all dead letters again."""
        for queue in stacks.DEAD_LETTERS:
            self.faults.counts["dead_letters"] += self.cloud.sqs.redrive(queue)
        for queue in stacks.QUEUES:
            self.stack.notify(queue)

    def _session(self, process: Process) -> requests.Session:
        began_ms = 0.0

        def call(_: str, effect: Any) -> Response:
            nonlocal began_ms
            call_ms = self.scheduler.now_ms
            response: Response = attempt(process, "", effect, _HTTP_KINDS)
            # No other task runs before the session tells of the answer.
            began_ms = call_ms
            return response

        return session(
            self.upstream,
            lambda: int(self.scheduler.now_ms),
            stacks.API_URL,
            call=call,
            on_served=lambda delivery: self._served(process, delivery, began_ms),
            sleep=lambda seconds: process.sleep(seconds * 1000),
        )

    def _served(self, process: Process, delivery: Delivery, began_ms: float) -> None:
        names = self._names[process].get(delivery.site, frozenset())
        self.fetches.served(self._jobs[process], delivery, names, began_ms)

    def _began(self, invocation: Invocation) -> None:
        self._jobs[invocation.process] = _job(invocation)
        self._events[invocation.process] = invocation.event
        self._names[invocation.process] = self._active_names()

    def _active_names(self) -> dict[str, frozenset[str]]:
        return {site: self.cloud.active_names(site) for site in self.book.sites}

    def _ended(self, invocation: Invocation) -> None:
        job = self._jobs.pop(invocation.process)
        self._events.pop(invocation.process)
        self._names.pop(invocation.process)
        if _succeeded(invocation):
            self.fetches.ended(job, self.scheduler.now_ms, self._active_names())
        elif job is invocation.process:
            self.fetches.failed(job, self.scheduler.now_ms, self._active_names())
        self.stores.check(invocation)
        self._check_errors(invocation)
        if invocation.function in ("ArchivalFunction", "BackfillFunction"):
            self._watch(invocation)

    def _executed(self, execution: Execution) -> None:
        """Ends the fetches of the days that a backfill has given up."""
        for job in self.fetches.jobs():
            if isinstance(job, tuple) and job[0] == execution.name:
                self.fetches.failed(job, self.scheduler.now_ms, self._active_names())

    def _check_errors(self, invocation: Invocation) -> None:
        """Looks for errors that no fault of a service explains, and for answers that blame the product."""
        for error in (*invocation.process.errors, invocation.error):
            if _is_bug(error):
                self.problems.add(WRONG, f"{invocation.function} raised {error!r}")
        invocation.process.errors.clear()
        if isinstance(invocation.result, dict) and invocation.result.get("statusCode") == 500:
            self.problems.add(WRONG, f"{invocation.function} answered 500 to {invocation.event['path']}")

    def _watch(self, invocation: Invocation) -> None:
        """Lets a chart look at the day that an archiving has just ended with."""
        day = _day_of(invocation.event, self.api.sites[0])
        if day and self.desk.is_open and self.machine.random.random() < _WATCHED:
            self.scheduler.spawn(lambda: self.charts.watch(day.site, day.day_ms))

    def _interrupted(self, process: Process, call: str) -> None:
        """Lets a chart look at the day that a process is in the middle of, today if its event names none."""
        site = self.api.sites[0]
        named = _day_of(self._events.get(process, {}), site)
        day = named or SiteDay.containing(site, self.desk.slowest_clock_ms)
        share = (1.0 if call == BLOCK_PUT else _SUSPECTED) * (1.0 if named else _TODAY)
        if self.desk.is_open and self.machine.random.random() < share:
            self.scheduler.spawn(lambda: self.charts.suspect(day.site, day.day_ms))

    def _invoke_task(self, payload: Any) -> Invocation:
        return self.stack.invoke("BackfillFunction", payload)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Lets the garbage collector leave alone what was there before, and look at the rest less often."""
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def _job(invocation: Invocation) -> Hashable:
    """Returns whose the fetches of an invocation are; a day of a backfill goes on after its last try."""
    event = invocation.event
    if invocation.function == "BackfillFunction" and event.get("task") == "day":
        return (event["run"], event["day"])
    return invocation.process


def _day_of(event: Any, site: str) -> SiteDay | None:
    """Returns the day that an event is about, None for all events of no day."""
    if not isinstance(event, dict):
        return None
    if "Records" in event:
        event = json.loads(event["Records"][0]["body"])
    text = event.get("date") or event.get("day") or event.get("start", "")[:10]
    return SiteDay.parse(event.get("site") or site, text) if text else None


def _succeeded(invocation: Invocation) -> bool:
    """Returns whether an invocation did what it was for; a day of a cancelled backfill is not stored."""
    if invocation.error is not None:
        return False
    result = invocation.result
    return not isinstance(result, dict) or not (
        result.get("batchItemFailures") or result.get("status") == "cancelled"
    )


def _is_bug(error: Exception | None) -> bool:
    """Returns whether an error is one that a fault of a service does not explain."""
    if isinstance(error, ClientError):
        return error.response["Error"]["Code"] in _ILLEGAL
    return isinstance(error, _BUGS) and not isinstance(error, VitalsError)
