"""The charts of a run: they ask for series, tables and summaries, and compare the answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.api import Answer
from tests.simulation.desk import REFUSALS, Desk
from tests.simulation.oracle import answers
from tests.simulation.oracle.calendars import buckets
from tests.simulation.oracle.lines import Line
from tests.simulation.oracle.measured import LOOKING_BACK, check_measured
from tests.simulation.oracle.opened import Opened
from tests.simulation.oracle.problems import LOST, WRONG
from tests.simulation.oracle.summaries import Asked, check_summary
from tests.simulation.oracle.tables import Grid, check_table
from tests.simulation.process import CLOCKS_DIFFER_MS
from tests.simulation.questions import AnyQuestion, Asker, Question, SummaryQuestion, TableQuestion
from vitals.model.timespan import DAY_MS, MINUTE_MS, Span

_MAX_PAGES = 200
_REMEMBERED = 12
_REPEATED = 40


@dataclass(slots=True)
class Charts:
    """Asks for samples and aggregates, often for the same again, and with the ETag of the answer before."""

    desk: Desk
    _questions: list[AnyQuestion] = field(default_factory=list)
    _answers: dict[AnyQuestion, tuple[str, Any]] = field(default_factory=dict)

    @property
    def asker(self) -> Asker:
        """What makes up questions."""
        return Asker(self.desk)

    def run(self) -> None:
        """Asks for as long as the simulation runs."""
        while self.desk.is_open:
            self.desk.wait(2 * MINUTE_MS, 46 * MINUTE_MS)
            self.ask(self._next())

    def ask(self, question: AnyQuestion) -> list[dict[str, Any]] | None:
        """Asks one question and compares the answer; returns its series, or else its pages.

        None when the answer is not whole.
        """
        requested_ms, synced_ms = self.desk.scheduler.now_ms, self.desk.synced_ms(question.site)
        pages, is_whole = self._read(question)
        if isinstance(question, Question):
            return self._compare_series(question, _series(pages), requested_ms, is_whole=is_whole)
        if not is_whole:
            return None
        self.desk.checked += 1
        if isinstance(question, TableQuestion):
            self._compare_table(question, pages, requested_ms)
        else:
            self._compare_summary(question, pages[0], requested_ms, synced_ms)
        return pages

    def _read(self, question: AnyQuestion) -> tuple[list[dict[str, Any]], bool]:
        """Returns the pages of an answer, and whether it claims to be whole."""
        desk, token = self.desk, None
        etag, before = self._answers.get(question, ("", None))
        pages: list[dict[str, Any]] = []
        for number in range(_MAX_PAGES):
            # The first page only: each page has an ETag of its own.
            headers = {"If-None-Match": etag} if etag and number == 0 else {}
            desk.queries += 1
            sent = question.sent(token)
            answer = desk.api.call(*sent, headers=headers)
            if answer.status == 304:
                answer = Answer(200, before, etag)
            if answer.status == 200:
                pages.append(answer.content)
            if answer.status in REFUSALS:
                desk.problems.add(WRONG, f"{sent} was answered with {answer.status} {answer.content}")
            if not answer.is_clean:
                return pages, False
            desk.pages += number > 0
            if number == 0 and answer.etag:
                self._answers[question] = (answer.etag, answer.content)
            token = answer.content["metadata"].get("next_token")
            if token is None:
                return pages, True
        raise AssertionError(f"more than {_MAX_PAGES} pages: {question}")

    def _compare_series(
        self, question: Question, series: list[dict[str, Any]], requested_ms: float, *, is_whole: bool
    ) -> list[dict[str, Any]] | None:
        desk = self.desk
        if is_whole:
            self._compare(question, series, requested_ms)
            return series
        if question.resolution == "raw":
            answers.check_samples(
                question.site,
                series,
                question.span,
                desk.fetches,
                requested_ms,
                desk.problems,
                is_whole=False,
            )
        return None

    def _compare_table(
        self, question: TableQuestion, pages: Sequence[dict[str, Any]], requested_ms: float
    ) -> None:
        desk, table = self.desk, _table(pages)
        names = [column["point_name"] for column in table["columns"]]
        columns: Mapping[str, Sequence[tuple[str, int]]] = question.columns
        if question.tag:
            columns = {name: ((name, 1),) for name in sorted(names)}
            unknown = set(names) - set(desk.names(question.site))
            if unknown:
                desk.problems.add(WRONG, f"{question} has {unknown}")
                return
        if names != list(columns):
            desk.problems.add(LOST, f"{question} has columns {names}")
            return
        expected = buckets(question.hours.zone, question.resolution, question.span)
        span = Span(expected[0].start_ms, expected[-1].end_ms)
        check_table(
            f"table of {question.site}",
            table,
            Grid(
                columns,
                question.span,
                question.resolution,
                question.measure,
                question.fill,
                question.hours,
            ),
            lambda name: Opened(
                self._line(
                    question.site, name, span, requested_ms, looks_back=question.measure in LOOKING_BACK
                ),
                question.hours,
            ),
            (requested_ms, desk.scheduler.now_ms),
            desk.problems,
        )

    def _compare_summary(
        self, question: SummaryQuestion, summary: Mapping[str, Any], requested_ms: float, synced_ms: int
    ) -> None:
        desk = self.desk
        check_summary(
            question.site,
            summary,
            question.columns,
            Asked(question.span, question.hours, (requested_ms, desk.scheduler.now_ms), synced_ms),
            lambda name: Opened(
                self._line(question.site, name, question.span, requested_ms, looks_back=True), question.hours
            ),
            desk.problems,
        )

    def _line(self, site: str, name: str, span: Span, requested_ms: float, *, looks_back: bool) -> Line:
        """Returns what may be stored of a point in a span, and as far around it as samples count."""
        desk, hold_ms = self.desk, self.desk.hold_ms(site, name)
        around = Span(span.start_ms - hold_ms, span.end_ms + hold_ms + 1)
        if looks_back:
            now_ms = int(desk.scheduler.now_ms)
            around = Span(min(desk.first_ms, around.start_ms), max(around.end_ms, now_ms))
        return Line(desk.fetches.expected(site, name, around, requested_ms), hold_ms)

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
        span = Span(expected[0].start_ms, expected[-1].end_ms)
        check_measured(
            question.site,
            series,
            question.span,
            (zone, question.resolution),
            measure,
            lambda name: self._line(
                question.site, name, span, requested_ms, looks_back=measure in LOOKING_BACK
            ),
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
            chosen = self.asker.chosen(names, 6)
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

    def _next(self) -> AnyQuestion:
        random = self.desk.random
        if self._questions and random.random() < 0.6:
            return self._questions[int(random.random() ** 2 * len(self._questions))]
        question = self.asker.question()
        self._questions.insert(0, question)
        for old in self._questions[_REMEMBERED:]:
            self._answers.pop(old, None)
        del self._questions[_REMEMBERED:]
        return question


def _series(pages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns the series of an answer from its pages."""
    series: dict[str, dict[str, Any]] = {}
    for page in pages:
        _append(series, page["series"])
    return list(series.values())


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


def _table(pages: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Returns the table of an answer from its pages, which have the same columns."""
    table: dict[str, Any] = {key: [] for key in ("timestamps", "partial", *pages[0].keys() & {"ends"})}
    columns: dict[str, dict[str, Any]] = {}
    for page in pages:
        rows = len(table["timestamps"])
        table["partial"] += [rows + row for row in page["partial"]]
        for key in table.keys() - {"partial"}:
            table[key] += page[key]
        for column in page["columns"]:
            name = column["point_name"]
            joined = columns.setdefault(name, {"point_name": name, "values": [], "filled": []})
            joined["values"] += column["values"]
            joined["filled"] += [rows + row for row in column["filled"]]
    return table | {"columns": list(columns.values())}
