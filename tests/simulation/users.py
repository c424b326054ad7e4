"""Who uses the product in a run: charts, exports and backfills; the operator is in operators.py."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.simulation.api import Answer, Api
from tests.simulation.oracle import answers
from tests.simulation.oracle.fetches import Fetches
from tests.simulation.oracle.problems import WRONG, Problems
from tests.simulation.process import CLOCKS_DIFFER_MS
from tests.simulation.scheduler import Scheduler
from vitals.model.aggregates import BUCKETS
from vitals.model.records.exports import RETENTION_MS
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span, iso

_MAX_PAGES = 200
_REMEMBERED = 12
_REPEATED = 40
_BACKFILL_ENDS = ("succeeded", "partial", "failed", "cancelled")
_EXPORT_ENDS = ("completed", "failed", "cancelled")
# No valid request is answered with these.
_REFUSALS = (400, 401, 403, 405, 413, 422)


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a chart."""

    site: str
    names: tuple[str, ...]
    span: Span
    resolution: str

    def query(self) -> dict[str, str | Sequence[str]]:
        """Returns the parameters of the request."""
        return {
            "site_name": self.site,
            "point_name": self.names,
            "start_time": str(self.span.start_ms),
            "end_time": str(self.span.end_ms),
            "resolution": self.resolution,
        }


@dataclass(slots=True)
class Desk:
    """What users share: the API, the time, what was fetched, and what they found wrong."""

    api: Api
    scheduler: Scheduler
    random: Random
    fetches: Fetches
    problems: Problems
    names: Callable[[str], Sequence[str]]
    """The points that a site ever had, in order."""
    first_ms: int
    end_ms: int
    """When users stop, so that the stores come to rest."""
    activity: float = 1.0
    """How often they come, as a multiple of the usual."""
    queries: int = 0
    checked: int = 0
    """Answers that claimed to be whole, and were compared as such."""
    pages: int = 0
    """Pages of answers after their first ones."""

    @property
    def is_open(self) -> bool:
        """Whether users still ask."""
        return self.scheduler.now_ms < self.end_ms

    @property
    def slowest_clock_ms(self) -> int:
        """The time by the slowest clock: a question that begins later may be refused."""
        return int(self.scheduler.now_ms) - CLOCKS_DIFFER_MS

    def wait(self, least_ms: float, most_ms: float) -> None:
        """Waits for a time between two bounds."""
        self.scheduler.sleep(self.random.uniform(least_ms, most_ms))

    def status(self, path: str) -> str:
        """Returns the status of a backfill or an export; "" when there is no answer."""
        answer = self.api.call("GET", path)
        return str(answer.content["status"]) if answer.status == 200 else ""

    def start(self, path: str, body: Mapping[str, Any]) -> str:
        """Returns the id of a new backfill or export; "" when the request fails."""
        answer = self.api.call("POST", path, body=body)
        if answer.status in _REFUSALS:
            self.problems.add(WRONG, f"POST {path} answered {answer.status} {answer.content} to {body}")
        return str(answer.content["id"]) if answer.status == 202 else ""

    def idle(self, least_ms: float, most_ms: float) -> None:
        """Waits until a user comes again, which is after a time between two bounds at the usual activity."""
        self.wait(least_ms / self.activity, most_ms / self.activity)


@dataclass(slots=True)
class Charts:
    """Asks for samples and aggregates, often for the same again, and with the ETag of the answer before."""

    desk: Desk
    _questions: list[Question] = field(default_factory=list)
    _answers: dict[Question, tuple[str, Any]] = field(default_factory=dict)

    def run(self) -> None:
        """Asks for as long as the simulation runs."""
        while self.desk.is_open:
            self.desk.wait(2 * MINUTE_MS, 46 * MINUTE_MS)
            self.ask(self._next())

    def ask(self, question: Question) -> list[dict[str, Any]] | None:
        """Asks one question and compares the answer; returns its series, None if it is not whole."""
        requested_ms = self.desk.scheduler.now_ms
        series, is_whole = self._read(question)
        if is_whole:
            self._compare(question, series, requested_ms)
        elif question.resolution == "raw":
            desk = self.desk
            answers.check_samples(
                question.site,
                series,
                question.span,
                desk.fetches,
                requested_ms,
                desk.problems,
                is_whole=False,
            )
        return series if is_whole else None

    def _read(self, question: Question) -> tuple[list[dict[str, Any]], bool]:
        """Returns the series of an answer, from all its pages, and whether it claims to be whole."""
        desk, query = self.desk, question.query()
        etag, before = self._answers.get(question, ("", None))
        series: dict[str, dict[str, Any]] = {}
        for number in range(_MAX_PAGES):
            # The first page only: each page has an ETag of its own.
            headers = {"If-None-Match": etag} if etag and number == 0 else {}
            desk.queries += 1
            answer = desk.api.call("GET", "/timeseries/query", query, headers=headers)
            if answer.status == 304:
                answer = Answer(200, before, etag)
            if answer.status == 200:
                _append(series, answer.content["series"])
            if answer.status in _REFUSALS:
                desk.problems.add(WRONG, f"{query} was answered with {answer.status} {answer.content}")
            if not answer.is_clean:
                return list(series.values()), False
            desk.pages += number > 0
            if number == 0 and answer.etag:
                self._answers[question] = (answer.etag, answer.content)
            token = answer.content["metadata"]["next_token"]
            if token is None:
                return list(series.values()), True
            query = question.query() | {"next_token": token}
        raise AssertionError(f"more than {_MAX_PAGES} pages: {question}")

    def _compare(self, question: Question, series: Sequence[dict[str, Any]], requested_ms: float) -> None:
        desk, resolution = self.desk, question.resolution
        desk.checked += 1
        answers.check_points(question.site, question.names, series, desk.problems)
        if resolution == "raw":
            answers.check_samples(
                question.site, series, question.span, desk.fetches, requested_ms, desk.problems
            )
        else:
            answers.check_aggregates(
                question.site, series, question.span, resolution, desk.fetches, requested_ms, desk.problems
            )

    def repeat(self) -> None:
        """Asks the last questions again, each with the ETag of its answer."""
        for question in list(self._answers)[-_REPEATED:]:
            self.ask(question)

    def watch(self, site: str, day_ms: int) -> None:
        """Looks at a day that has just been archived."""
        self.desk.wait(1, 2_000)
        names = self.desk.names(site)
        if names:
            chosen = self._choose(names, 6)
            self.ask(
                Question(site, chosen, Span(day_ms, day_ms + DAY_MS), self.desk.random.choice(("1h", "1d")))
            )

    def suspect(self, site: str, day_ms: int) -> None:
        """Asks for a day or for three days, and again when the answer may be cached for longer."""
        names = self.desk.names(site)
        if not names or site not in self.desk.api.sites:
            return
        # All points, because few of them change at once.
        first_ms = day_ms - self.desk.random.choice((0, 0, 2)) * DAY_MS
        question = Question(site, tuple(names), Span(first_ms, day_ms + DAY_MS), "raw")
        for wait_ms in (0, 35 * MINUTE_MS):
            self.desk.wait(wait_ms, wait_ms * 1.5 + 2_000)
            if self.desk.is_open:
                self.ask(question)

    def _next(self) -> Question:
        random = self.desk.random
        if self._questions and random.random() < 0.6:
            return self._questions[int(random.random() ** 2 * len(self._questions))]
        question = self._new()
        self._questions.insert(0, question)
        for old in self._questions[_REMEMBERED:]:
            self._answers.pop(old, None)
        del self._questions[_REMEMBERED:]
        return question

    def _new(self) -> Question:
        desk, random = self.desk, self.desk.random
        site = random.choice(desk.api.sites)
        chosen = self._choose(desk.names(site) or ("unknown",), 5)
        now_ms = desk.slowest_clock_ms
        resolution = random.choice(("raw", "raw", "raw", "5m", "1h", "1h", "1d"))
        if random.random() < 0.4:
            # The last hours.
            end_ms = now_ms - now_ms % HOUR_MS + HOUR_MS
            span = Span(end_ms - random.randint(1, 30) * HOUR_MS, end_ms)
        else:
            days = (now_ms - desk.first_ms) // DAY_MS + 1
            first = desk.first_ms + int(random.random() * days) * DAY_MS
            span = Span(first, first + random.choice((1, 1, 2, 5)) * DAY_MS)
        bucket_ms = BUCKETS.get(resolution, 1)
        start_ms = max(span.start_ms, desk.first_ms)
        return Question(
            site,
            chosen,
            Span(start_ms - start_ms % bucket_ms, span.end_ms + -span.end_ms % bucket_ms),
            resolution,
        )

    def _choose(self, names: Sequence[str], limit: int) -> tuple[str, ...]:
        random = self.desk.random
        return tuple(random.sample(list(names), min(len(names), random.randint(1, limit))))


def _append(series: dict[str, dict[str, Any]], page: Sequence[Mapping[str, Any]]) -> None:
    """Adds the rows of a page to those of the pages before."""
    for point_series in page:
        columns = series.setdefault(point_series["point_name"], dict.fromkeys(point_series))
        for key, value in point_series.items():
            is_column = isinstance(value, list) and key != "gaps"
            columns[key] = [*(columns[key] or ()), *value] if is_column else value


@dataclass(slots=True)
class Backfills:
    """Starts backfills: first of the days before the run, then of any days again."""

    desk: Desk
    started: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Starts one now and then, for as long as the simulation runs."""
        desk, random = self.desk, self.desk.random
        for number in itertools.takewhile(lambda _: desk.is_open, itertools.count()):
            desk.idle(2 * HOUR_MS, 40 * HOUR_MS)
            site, today_ms = random.choice(desk.api.sites), desk.slowest_clock_ms // DAY_MS * DAY_MS
            first_ms, last_ms = desk.first_ms, desk.first_ms + 2 * DAY_MS
            if number >= len(desk.api.sites):
                days = (today_ms - desk.first_ms) // DAY_MS
                first_ms += int(random.random() * days) * DAY_MS
                last_ms = min(today_ms - DAY_MS, first_ms + random.randint(0, 2) * DAY_MS)
            self.start(site, Span(first_ms, last_ms), force=random.random() < 0.5)

    def start(self, site: str, days: Span, *, force: bool) -> str:
        """Starts a backfill from one day to another, and returns its last known status, "" for none."""
        body = {
            "site_name": site,
            "start_date": iso(days.start_ms)[:10],
            "end_date": iso(days.end_ms)[:10],
            "force": force,
        }
        run = self.desk.start("/backfill/start", body)
        if not run:
            return ""
        self.started.append(run)
        return self._follow(run)

    def unfinished(self) -> list[str]:
        """Returns those that were started and have not ended; they are known for longer than a run."""
        return [run for run in self.started if self.desk.status(f"/backfill/{run}") not in _BACKFILL_ENDS]

    def _follow(self, run: str) -> str:
        status = ""
        for _ in range(20):
            self.desk.wait(5 * MINUTE_MS, 60 * MINUTE_MS)
            status = self.desk.status(f"/backfill/{run}")
            if status in _BACKFILL_ENDS:
                break
            if self.desk.is_open and self.desk.random.random() < 0.02:
                self.desk.api.call("POST", f"/backfill/{run}/cancel")
        return status


@dataclass(slots=True)
class Exports:
    """Starts exports and reads their files."""

    desk: Desk
    open_link: Callable[[str], bytes]
    completed: Callable[[Mapping[str, Any]], None]
    """Is told of each export that is completed, with its answer."""
    started: dict[str, float] = field(default_factory=dict)
    """When each was asked for."""

    def run(self) -> None:
        """Starts one now and then, for as long as the simulation runs."""
        desk, random = self.desk, self.desk.random
        while desk.is_open:
            desk.idle(3 * HOUR_MS, 20 * HOUR_MS)
            site, now_ms = random.choice(desk.api.sites), desk.slowest_clock_ms
            days = (now_ms - desk.first_ms) // DAY_MS + 1
            first_ms = desk.first_ms + int(random.random() * days) * DAY_MS
            names = desk.names(site)
            chosen = random.sample(list(names), 2) if len(names) > 1 and random.random() < 0.5 else ()
            span = Span(first_ms, min(now_ms, first_ms + random.randint(1, 4) * DAY_MS))
            self.start(site, span, random.choice(("parquet", "csv")), chosen)

    def start(self, site: str, span: Span, file_format: str, names: Sequence[str]) -> str:
        """Starts an export, of all points without names, and returns its last known status, "" for none."""
        requested_ms = self.desk.scheduler.now_ms
        body = {
            "site_name": site,
            "start_time": span.start_ms,
            "end_time": span.end_ms,
            "format": file_format,
            "point_names": list(names),
        }
        export = self.desk.start("/exports", body)
        if not export:
            return ""
        self.started[export] = requested_ms
        return self._follow(export, body, requested_ms)

    def unfinished(self) -> list[str]:
        """Returns those that were started, and have neither ended nor expired."""
        now_ms = self.desk.scheduler.now_ms
        return [
            export
            for export, requested_ms in self.started.items()
            if self.desk.status(f"/exports/{export}") not in _EXPORT_ENDS
            and now_ms < requested_ms + RETENTION_MS - HOUR_MS
        ]

    def _follow(self, export: str, body: Mapping[str, Any], requested_ms: float) -> str:
        status = ""
        for _ in range(60):
            self.desk.wait(1 * MINUTE_MS, 30 * MINUTE_MS)
            answer = self.desk.api.call("GET", f"/exports/{export}")
            status = answer.content["status"] if answer.status == 200 else ""
            if status == "completed":
                self.completed({**answer.content, "request": body, "requested_ms": requested_ms})
            if status in _EXPORT_ENDS:
                break
            if self.desk.is_open and self.desk.random.random() < 0.01:
                self.desk.api.call("DELETE", f"/exports/{export}")
                break
        return status
