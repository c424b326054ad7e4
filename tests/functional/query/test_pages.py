"""The chart page, /docs and what they load, as the query function serves them to anybody."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from query import pages
from query.pages import Web
from tests.support.query_calls import Ask, Call, api, ask, call

__all__ = ["api", "ask", "call"]
BOOT = 'if (!location.pathname.endsWith("/")) {\n  location.replace(`${location.pathname}/`);\n}'
PAGE = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Bücher</title>
<script>{BOOT}</script>
<script type="module" crossorigin src="./assets/index-B1x_2-.js"></script>
<link rel="stylesheet" crossorigin href="./assets/index-C3.css"></head><body></body></html>
"""
SCRIPT = "export const grad = '°';\n".encode()


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "assets" / "deeper").mkdir(parents=True)
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "assets" / "index-B1x_2-.js").write_bytes(SCRIPT)
    (tmp_path / "assets" / "index-C3.css").write_text("body { color: red }")
    (tmp_path / "assets" / "index-B1x_2-.js.map").write_text("{}")
    (tmp_path / "assets" / "deeper" / "x.js").write_text("")
    (tmp_path / "secret.js").write_text("")
    monkeypatch.setattr(pages, "web", Web(tmp_path))
    return tmp_path


def header(answer: dict[str, Any], name: str) -> str:
    [value] = answer["multiValueHeaders"][name]
    return str(value)


def test_the_pages_policy_allows_its_own_files_only(ask: Ask, built: Path) -> None:
    answer = ask("/", scopes="", sites="")
    assert (answer["statusCode"], answer["body"]) == (200, PAGE)
    assert header(answer, "Content-Type") == "text/html; charset=utf-8"
    # The next deployment has other files.
    assert header(answer, "Cache-Control") == "no-cache"
    boot = base64.b64encode(hashlib.sha256(BOOT.encode()).digest()).decode()
    assert header(answer, "Content-Security-Policy").split("; ") == [
        "default-src 'none'",
        f"script-src 'self' 'sha256-{boot}'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
    for name in ("Referrer-Policy", "Strict-Transport-Security", "X-Content-Type-Options"):
        assert header(answer, name)


def test_files_of_the_page_are_immutable(ask: Ask, built: Path) -> None:
    script = ask("/assets/index-B1x_2-.js", scopes="", sites="")
    assert (script["statusCode"], script["isBase64Encoded"]) == (200, True)
    assert base64.b64decode(script["body"]) == SCRIPT
    assert header(script, "Content-Type") == "text/javascript; charset=utf-8"
    assert header(script, "Cache-Control") == "public, max-age=31536000, immutable"
    style = ask("/assets/index-C3.css")
    assert header(style, "Content-Type") == "text/css; charset=utf-8"
    assert header(style, "X-Content-Type-Options") == "nosniff"


@pytest.mark.parametrize(
    "name",
    [
        "nothing.js",
        "index-B1x_2-.js.map",
        "deeper",
        "deeper/x.js",
        "../secret.js",
        "..%2Fsecret.js",
        "..\\secret.js",
        "../index.html",
        "*",
        "index-*.js",
        "/etc/passwd",
        "",
        ".",
        "..",
    ],
)
def test_nothing_else_is_served(call: Call, built: Path, name: str) -> None:
    status, answer = call(f"/assets/{name}")
    assert (status, answer["error_code"]) == (404, "NOT_FOUND")


def test_a_deployment_without_the_page_says_so(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pages, "web", Web(tmp_path / "nowhere"))
    status, answer = call("/")
    assert (status, answer["error_code"]) == (404, "NOT_FOUND")
    assert answer["error"] == "this deployment has no page; run `make build` before deploying"
    assert call("/assets/index.js")[0] == 404


def test_the_page_cannot_be_posted_to(ask: Ask, built: Path) -> None:
    answer = ask("/", body={})
    assert (answer["statusCode"], header(answer, "Allow")) == (405, "GET, HEAD, OPTIONS")


def test_the_docs_page_is_revalidated(ask: Ask) -> None:
    page = ask("/docs", scopes="", sites="")
    assert page["statusCode"] == 200
    assert header(page, "Content-Type") == "text/html; charset=utf-8"
    assert header(page, "Cache-Control") == "no-cache"


def test_what_the_docs_page_loads_is_immutable(ask: Ask) -> None:
    bodies = {}
    for name in re.findall(r'(?:src|href)="(assets/[^"]+)"', ask("/docs")["body"]):
        file = ask(f"/{name}", scopes="", sites="")
        assert file["statusCode"] == 200
        assert header(file, "Cache-Control") == "public, max-age=31536000, immutable"
        assert header(file, "Content-Type") in ("text/javascript; charset=utf-8", "text/css; charset=utf-8")
        # The limit of a Lambda response.
        assert len(file["body"]) < 6_291_456
        bodies[name] = base64.b64decode(file["body"])
    assert len(bodies) == 3
    for name, body in bodies.items():
        assert hashlib.sha256(body).hexdigest()[:16] in name
    assert any(b"SwaggerUIBundle" in body for body in bodies.values())
