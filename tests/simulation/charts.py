"""The charts of a run: they ask for samples, aggregates and measures, and compare the answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.api import Answer
from tests.simulation.desk import REFUSALS, Desk
from tests.simulation.oracle import answers
from tests.simulation.oracle.calendars import buckets
from tests.simulation.oracle.lines import Line
from tests.simulation.oracle.measured import LOOKING_BACK, MEASURES, check_measured
from tests.simulation.oracle.problems import WRONG
from tests.simulation.process import CLOCKS_DIFFER_MS
from vitals.model.aggregates import BUCKETS
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span

_MAX_PAGES = 200
_REMEMBERED = 12
_REPEATED = 40
ZONES = (
    "UTC",
    "Europe/London",
    "Africa/Cairo",
    "America/Chicago",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Pacific/Chatham",
)
"""Clocks change in most of them in the first days of a run."""
# The longest spans of questions about measures.
_LONGEST_H = {"15m": 12, "1h": 48, "2h": 72, "1d": 240, "1w": 400}
# The share of questions that are about measures.
_MEASURED = 0.4


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a chart; `grid` has the zone of its buckets and the measure, if it names them."""

    site: str
    names: tuple[str, ...]
    span: Span
    resolution: str
    grid: tuple[str, str] | None = None

    def query(self) -> dict[str, str | Sequence[str]]:
        """Returns the parameters of the request."""
        query: dict[str, str | Sequence[str]] = {
            "site_name": self.site,
            "point_name": self.names,
            "start_time": str(self.span.start_ms),
            "end_time": str(self.span.end_ms),
            "resolution": self.resolution,
        }
        if self.resolution != "raw":
            # An operator sets the zone of the site.
            query["timezone"] = self.grid[0] if self.grid else "UTC"
        return query | {"measure": self.grid[1]} if self.grid else query


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
            if answer.status in REFUSALS:
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
        if question.grid:
            self._compare_measure(question, question.grid, series, requested_ms)
        elif resolution == "raw":
            answers.check_samples(
                question.site, series, question.span, desk.fetches, requested_ms, desk.problems
            )
        else:
            answers.check_aggregates(
                question.site, series, question.span, resolution, desk.fetches, requested_ms, desk.problems
            )

    def _compare_measure(
        self, question: Question, grid: tuple[str, str], series: Sequence[dict[str, Any]], requested_ms: float
    ) -> None:
        desk, (zone, measure) = self.desk, grid
        now_ms = int(desk.scheduler.now_ms)
        expected = buckets(zone, question.resolution, question.span)

        def line(name: str) -> Line:
            hold_ms = desk.hold_ms(question.site, name)
            span = Span(expected[0].start_ms - hold_ms, expected[-1].end_ms)
            if measure in LOOKING_BACK:
                span = Span(min(desk.first_ms, span.start_ms), max(span.end_ms, now_ms))
            return Line(desk.fetches.expected(question.site, name, span, requested_ms), hold_ms)

        check_measured(
            question.site,
            series,
            question.span,
            (zone, question.resolution),
            measure,
            line,
            now_ms + CLOCKS_DIFFER_MS,
            desk.problems,
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
        if random.random() < _MEASURED:
            return self._new_measured(site, chosen)
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

    def _new_measured(self, site: str, names: tuple[str, ...]) -> Question:
        """Returns a question about a measure in local time, whose span begins and ends within a bucket."""
        desk, random = self.desk, self.desk.random
        now_ms = desk.slowest_clock_ms
        resolution = random.choice(tuple(_LONGEST_H))
        length_ms = random.randint(1, _LONGEST_H[resolution]) * HOUR_MS
        start_ms = now_ms - length_ms
        if random.random() < 0.6:
            start_ms = random.randint(min(desk.first_ms, start_ms), start_ms)
        grid = (random.choice(ZONES), random.choice(MEASURES))
        return Question(site, names, Span(start_ms, start_ms + length_ms), resolution, grid)

    def _choose(self, names: Sequence[str], limit: int) -> tuple[str, ...]:
        random = self.desk.random
        return tuple(random.sample(list(names), min(len(names), random.randint(1, limit))))


def _append(series: dict[str, dict[str, Any]], page: Sequence[Mapping[str, Any]]) -> None:
    """Adds the rows of a page to those of the pages before."""
    for point_series in page:
        columns = series.setdefault(point_series["point_name"], dict.fromkeys(point_series))
        rows = len(columns["timestamps"] or ())
        # A page without unknown time has no bounds: they equal its values.
        bounds = {"at_least", "at_most"} & (columns.keys() | point_series.keys())
        columns |= dict.fromkeys(bounds - columns.keys(), columns["values"])
        bounded = dict.fromkeys(bounds, point_series["values"]) | point_series
        for key, value in bounded.items():
            is_column = isinstance(value, list) and key != "gaps"
            if key == "partial":
                value = [rows + row for row in value]
            columns[key] = [*(columns[key] or ()), *value] if is_column else value
