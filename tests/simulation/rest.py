"""What users ask when nothing has failed for long: each answer is whole and right, and agrees with others."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any, cast

from tests.simulation.ace.book import Book
from tests.simulation.aws.cloud import Cloud
from tests.simulation.charts import Charts
from tests.simulation.oracle import answers
from tests.simulation.oracle.measured import MEASURES
from tests.simulation.oracle.problems import LOST, WRONG, Problems
from tests.simulation.oracle.rest import Promises, days_of
from tests.simulation.questions import ZONES, AnyQuestion, Question
from tests.simulation.settings import Administrator
from tests.simulation.stack import DEAD_LETTERS
from tests.simulation.users import Backfills, Exports
from vitals.model.timespan import DAY_MS, Span
from vitals.store.state.sites import SiteTable

_NAMES = 25
_OTHER_MEASURES = 3
# By then the re-reads of a day have ended, so that nothing changes between two of its answers.
_UNCHANGED_MS = DAY_MS


@dataclass(frozen=True, slots=True)
class RestCheck:
    """Looks at everything that a run has left; `span` is that of its readings, and ends with the rest."""

    charts: Charts
    backfills: Backfills
    exports: Exports
    administrator: Administrator
    cloud: Cloud
    book: Book
    outages: Sequence[Span]
    span: Span

    @property
    def problems(self) -> Problems:
        return self.charts.desk.problems

    def run(self) -> None:
        """Asks for everything."""
        self._check_ends()
        self.charts.repeat()
        for site in self.book.sites:
            self._check_new_jobs(site)
            self.administrator.check(site)
            for name in self.charts.desk.names(site)[:1]:
                self.administrator.check_zone(site, name, self.span.end_ms)
            self._check_site(site)

    def _check_ends(self) -> None:
        """Expects that everything that was started has ended, and that no message is given up."""
        for kind, ids in (("backfill", self.backfills.unfinished()), ("export", self.exports.unfinished())):
            for unfinished in ids:
                self.problems.add(WRONG, f"at rest, {kind} {unfinished} has not ended")
        for queue in DEAD_LETTERS:
            for body in self.cloud.sqs.bodies(queue):
                self.problems.add(WRONG, f"at rest, {queue} has {body}")

    def _check_new_jobs(self, site: str) -> None:
        """Expects that an export of everything succeeds, and a backfill of the first day."""
        status = self.exports.start(site, self.span, "parquet", ())
        if status != "completed":
            self.problems.add(WRONG, f"at rest, an export of {site} is {status or 'refused'}")
        status = self.backfills.start(site, Span(self.span.start_ms, self.span.start_ms), force=True)
        if status != "succeeded":
            self.problems.add(WRONG, f"at rest, a backfill of {site} is {status or 'refused'}")

    def _check_site(self, site: str) -> None:
        record = SiteTable(cast(Any, self.cloud.direct), "StateTable").load(site)
        if record is None or not record.first_ms:
            self.problems.add(LOST, f"at rest, {site} has never been synced")
            return
        promises = Promises(self.book.sites[site], record.first_ms, self.span.end_ms, self.outages)
        for name in sorted(set(promises.names) - self.cloud.active_names(site)):
            self.problems.add(LOST, f"at rest, {site} {name!r} is listed, and not active in the catalog")
        for names in batched(self.charts.desk.names(site), _NAMES, strict=False):
            for day in days_of(self.span):
                self._check_day(promises, names, day)
            self._check_measures(site, names)
            self._check_forms(site, names)

    def _check_measures(self, site: str, names: tuple[str, ...]) -> None:
        """Asks for the increase of counters and for other measures, when most samples are certain."""
        random = self.charts.desk.random
        others = [measure for measure in MEASURES if measure != "increase"]
        for measure in ("increase", *random.sample(others, _OTHER_MEASURES)):
            zone, resolution = random.choice(ZONES), random.choice(("1h", "2h", "1d"))
            span = self.span
            if resolution != "1d":
                start_ms = random.randrange(span.start_ms, span.end_ms - DAY_MS)
                span = Span(start_ms, start_ms + DAY_MS)
            chosen = self.charts.desk.counters(names) if measure == "increase" else names
            if chosen:
                self._ask(Question(site, chosen, span, resolution, (zone, measure)))

    def _check_forms(self, site: str, names: tuple[str, ...]) -> None:
        """Asks for tables of a day, and for summaries of a day and of everything."""
        asker = self.charts.asker
        for span in asker.random.sample(list(days_of(self.span)), 2):
            self._ask(asker.table(site, names, span))
            self._ask(asker.summary(site, names, span))
        self._ask(asker.summary(site, names, self.span))

    def _ask(self, question: AnyQuestion) -> None:
        if self.charts.ask(question) is None:
            self.problems.add(WRONG, f"at rest, {question} has no clean answer")

    def _check_day(self, promises: Promises, names: tuple[str, ...], day: Span) -> None:
        """Compares a day's samples with the promises, and its aggregates with the samples."""
        site, samples = promises.book.site, None
        for resolution in ("raw", "1h", "1d"):
            question = Question(site, names, day, resolution)
            series = self.charts.ask(question)
            if series is None:
                self.problems.add(WRONG, f"at rest, {question} has no clean answer")
            elif resolution == "raw":
                samples = series
                for point_series in series:
                    values = dict(zip(point_series["timestamps"], point_series["values"], strict=True))
                    promises.check(point_series["point_name"], day, values, self.problems)
            elif samples is not None and day.end_ms <= self.span.end_ms - _UNCHANGED_MS:
                answers.check_agreement(site, samples, series, resolution, self.problems)
