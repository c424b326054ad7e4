"""The figures of the page; VITALS_BENCH_PAGE names the folder of another build, which is measured too."""

import os
from pathlib import Path

from bench.page import assets, clicks, tasks
from bench.page.stack import SERIES, Stack
from bench.report import show
from operations.errors import OperatorError


def page_figures() -> int:
    """What of the page can be measured here; says what cannot."""
    print("page: in a browser, on the stack that is up")
    missed = 0
    try:
        size = sum(assets.sizes().values())
        missed += show("page and assets, gzipped", size / 1000, "kB", assets.MOST_BYTES / 1000)
        stack = Stack.running(assets.BUILT)
        missed += month_figures(stack)
        meter_figures(stack)
        missed += task_figures(stack)
        if folder := os.environ.get("VITALS_BENCH_PAGE"):
            another = Stack.running(Path(folder))
            print("page: another build of it, on the same stack")
            month_figures(another, bars=False)
            task_figures(another, bars=False)
    except OperatorError as problem:
        print(f"  not measured: {problem}")
    return missed


def month_figures(stack: Stack, *, bars: bool = True) -> int:
    results = clicks.month(stack)
    missed = show(
        f"{SERIES} points, click to 30 days: first visit", results["first_s"], "s", 1 if bars else None
    )
    show(f"  median of {clicks.VISITS}", results["drawn_s"], "s")
    return missed + show("  answers, as they are sent", results["bytes"] / 1000, "kB", 300 if bars else None)


def meter_figures(stack: Stack) -> None:
    results = clicks.meters(stack)
    show(f"{SERIES} meters, click to a year of daily bars: first visit", results["first_s"], "s")
    show(f"  median of {clicks.VISITS}", results["drawn_s"], "s")
    show("  answers, as they are sent", results["bytes"] / 1000, "kB")


def task_figures(stack: Stack, *, bars: bool = True) -> int:
    print(f"  {SERIES} points, a year: CPU of the longest task, median of {clicks.VISITS}")
    bar = tasks.MOST_MS if bars else None
    return sum(show(f"  {act}", ms, "ms", bar) for act, ms in tasks.longest(stack).items())
