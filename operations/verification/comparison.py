"""Asks the upstream and the store the same random questions and compares the samples, to the bit.

The upstream is asked first, then a sync runs, then the store is asked, so that the store must have whatever
the upstream served. Where the two differ, the upstream is asked again, for late readings may have arrived.
"""

import random
import struct
import sys
from collections.abc import Mapping
from typing import NamedTuple

from operations.errors import OperatorError
from operations.oracle import Samples, States
from operations.verification.questions import Question, SiteSpan, iso, questions, spans
from operations.verification.store import Store
from operations.verification.upstream import Upstream

_ENOUGH_SAMPLES = 25_000
_QUESTIONS = (12, 300)
_SHOWN_DIFFERENCES = 5


class Comparison(NamedTuple):
    """Numbers of samples: stored as served, served by the upstream, and stored only."""

    matched: int
    expected: int
    extra: int

    @property
    def is_exact(self) -> bool:
        """Whether there were samples to compare, and all of them match."""
        return self.matched == self.expected > 0 and not self.extra


def compare(store: Store, seed: int | None, days: range | None = None) -> Comparison:
    """Compares upstream and store by questions that the seed determines; None draws a seed.

    `days`, the starts of UTC days in ms, asks about each of them at least once.
    """
    seed = random.randrange(2**32) if seed is None else seed
    upstream = store.upstream()
    synced = store.synced()
    if not synced:
        raise OperatorError("no site is synced yet; wait for the first sync")
    states = {site: store.states(site) for site in synced}
    served = _ask_upstream(upstream, spans(synced, days), states, random.Random(seed))
    plan = f"{len(served)} questions to the upstream (seed {seed}), then a sync, then the same to the store"
    print(plan, file=sys.stderr)
    for site in synced:
        store.sync(site)
    results = [
        _compare(store, upstream, question, samples, states[question.site]) for question, samples in served
    ]
    return Comparison(*map(sum, zip(*results, strict=True)))


def _ask_upstream(
    upstream: Upstream, site_spans: list[SiteSpan], states: Mapping[str, States], chance: random.Random
) -> list[tuple[Question, Samples]]:
    names = {site: upstream.points(site) for site in {span.site for span in site_spans}}
    low, high = (max(count, len(site_spans)) for count in _QUESTIONS)
    served: list[tuple[Question, Samples]] = []
    count = 0
    for question in questions(site_spans, names, chance):
        if len(served) >= high or (len(served) >= low and count >= _ENOUGH_SAMPLES):
            break
        served.append((question, upstream.ask(question, states[question.site])))
        count += len(served[-1][1])
    return served


def _compare(
    store: Store, upstream: Upstream, question: Question, served: Samples, states: States
) -> Comparison:
    stored = store.ask(question)
    expected = served
    if _bits(stored) != _bits(served):
        expected = _expected(stored, served, upstream.ask(question, states))
    matched = sum(_equal(stored.get(key), value) for key, value in expected.items())
    extra = len(stored.keys() - expected.keys())
    if matched != len(expected) or extra:
        _show(question, stored, expected)
    return Comparison(matched, len(expected), extra)


def _expected(stored: Samples, before: Samples, after: Samples) -> Samples:
    """Returns what the store must hold when the upstream answered differently before and after the sync."""
    expected: Samples = {}
    for key in before.keys() | after.keys():
        values = [answer[key] for answer in (before, after) if key in answer]
        if key in stored and any(_equal(stored[key], value) for value in values):
            expected[key] = stored[key]
        elif len(values) == 2:
            # It was served both times, so the store must have it, with one of the two values.
            expected[key] = values[1]
    return expected


def _equal(a: float | None, b: float | None) -> bool:
    """Returns whether two values are equal to the bit."""
    if a is None or b is None:
        return a is b
    return struct.pack("<d", a) == struct.pack("<d", b)


def _bits(samples: Samples) -> dict[tuple[str, int], bytes]:
    return {key: struct.pack("<d", value) for key, value in samples.items()}


def _show(question: Question, stored: Samples, expected: Samples) -> None:
    """Prints the first differences."""
    print(f"differences in {question}:", file=sys.stderr)
    keys = stored.keys() | expected.keys()
    different = sorted(key for key in keys if not _equal(stored.get(key), expected.get(key)))
    for key in different[:_SHOWN_DIFFERENCES]:
        name, time_ms = key
        values = f"upstream {expected.get(key)!r}, store {stored.get(key)!r}"
        print(f"  {name} {iso(time_ms)}: {values}", file=sys.stderr)
