"""/docs: its size, and what it may load."""

import re

from query import pages


def loaded(page: str) -> list[str]:
    return re.findall(r'(?:src|href)="([^"]*)"', page)


def test_the_docs_page_has_a_few_hundred_bytes() -> None:
    page, _ = pages.docs()
    assert len(page.encode()) < 1_000


def test_the_docs_page_has_nothing_inline() -> None:
    page, policy = pages.docs()
    assert re.findall(r"<script[^>]*>(.*?)</script>", page, re.S) == ["", ""]
    assert "style>" not in page
    assert "unsafe" not in policy
    assert "'sha256-" not in policy


def test_the_docs_page_loads_from_this_origin_only() -> None:
    page, policy = pages.docs()
    assert [name for name in loaded(page) if not name.startswith("assets/")] == ["data:,"]
    for directive in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"):
        assert directive in policy.split("; ")
    assert "http" not in policy


def test_the_style_of_the_docs_loads_nothing() -> None:
    [name] = [name for name in loaded(pages.docs()[0]) if name.endswith(".css")]
    content, content_type = pages.Web().asset(name.removeprefix("assets/"))
    assert content_type == "text/css; charset=utf-8"
    assert all(url.startswith("data:") for url in re.findall(r"url\([\"']?([^)]*)", content.decode()))
