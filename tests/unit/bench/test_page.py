"""The page as it is built: what a first visit loads."""

import re

from bench.page import MOST_ASSET_BYTES, PAGE, asset_sizes


def test_a_first_visit_loads_little() -> None:
    sizes = asset_sizes()
    assert sum(sizes.values()) <= MOST_ASSET_BYTES, sizes


def test_the_page_names_only_relative_files() -> None:
    named = re.findall(r'\b(?:src|href)="([^"]*)"', (PAGE / "index.html").read_text())
    assert len(named) >= 3
    for name in named:
        assert re.fullmatch(r"\./assets/[\w.-]+-[\w-]{8}\.(?:js|css|svg)", name)
        assert (PAGE / name).is_file()
