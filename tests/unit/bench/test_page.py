"""The page as it is built: what a first visit loads."""

import re

from bench.page import assets


def test_a_first_visit_loads_little() -> None:
    sizes = assets.sizes()
    assert sum(sizes.values()) <= assets.MOST_BYTES, sizes


def test_the_page_names_only_relative_files() -> None:
    named = re.findall(r'\b(?:src|href)="([^"]*)"', (assets.BUILT / "index.html").read_text())
    assert len(named) >= 3
    for name in named:
        assert re.fullmatch(r"\./assets/[\w.-]+-[\w-]{8}\.(?:js|css|svg)", name)
        assert (assets.BUILT / name).is_file()
