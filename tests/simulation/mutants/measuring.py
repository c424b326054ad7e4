"""Faults of measures: samples around a bucket, or around an hour of a rollup, that are not looked at."""

from dataclasses import replace

from tests.simulation.mutants.mutant import VITALS, Mutant
from tests.simulation.mutants.scenarios import SLOW

_BUCKETS = f"{VITALS}/reading/buckets/bucket_reader.py"

MUTANTS = (
    Mutant(
        "no_hold_before_the_range",
        "What a sample before the first bucket holds in it is left out.",
        f"{VITALS}/model/measures/bucket_table.py",
        "    starts = np.maximum(cells.ends, edges[0])\n",
        "    starts = np.where(cells.ends > edges[0], cells.ends, edges[-1])\n",
    ),
    Mutant(
        "no_steps_before_the_range",
        "The sample before the first bucket is looked for during an hour only.",
        _BUCKETS,
        "            self.reader.read(Span(begin, end), self._earlier_counts(start_ms, start_ms - end))\n",
        "            end = begin\n",
        scenarios=(replace(SLOW, seed=5),),
    ),
    Mutant(
        "falls_of_their_hour_only",
        "Hours beside that of a fall come from rollups, although a dip or spike reaches into them.",
        f"{VITALS}/model/measures/counters.py",
        "        result[:-distance] |= falls[distance:] & near\n"
        "        result[distance:] |= falls[:-distance] & near\n",
        "",
    ),
    Mutant(
        "peaks_of_closed_hours",
        "The peak of a summary is also looked for outside of the operating hours.",
        f"{VITALS}/reading/summary/reader.py",
        "    is_whole &= query.plan.open_ms(starts, ends) == _QUARTER.shortest_ms\n",
        "",
    ),
)
