"""The pages that need no token: the description of the API for programs and for people, and the chart page.

None of them requests anything from another origin.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from vitals.errors import NotFoundError

# Scripts, styles and requests of this origin only; a script in a page itself by its hash.
_POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
_NOT_BUILT = "this deployment has no page; run `make build` before deploying"
_BUILT = Path(__file__).with_name("web")
_SWAGGER = "aws_lambda_powertools.event_handler.openapi.swagger_ui"
_START = """\
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  docExpansion: "list",
  filter: true,
  layout: "BaseLayout",
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
  validatorUrl: null,
});
"""
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class Web:
    """The chart page as `make build` leaves it: index.html, and what it loads in assets/."""

    folder: Path = _BUILT

    def page(self) -> tuple[str, str]:
        """Returns the page and its Content-Security-Policy; NotFoundError when it was not built."""
        try:
            page = (self.folder / "index.html").read_text()
        except FileNotFoundError:
            raise NotFoundError(_NOT_BUILT) from None
        return page, _policy(page)

    def asset(self, name: str) -> tuple[bytes, str]:
        """Returns a file that this page or /docs loads, and its type; NotFoundError for any other name."""
        paths = {path.name: path for path in self.folder.glob("assets/*") if path.suffix in _TYPES}
        content = paths[name].read_bytes() if name in paths else _docs_assets().get(name)
        if content is None:
            raise NotFoundError(f"there is no file {name!r}")
        return content, _TYPES[Path(name).suffix]


web = Web()


@cache
def openapi() -> str:
    """Returns the document that tools/openapi.py composed from all functions."""
    return Path(__file__).with_name("openapi.json").read_text()


def docs() -> tuple[str, str]:
    """Returns the page and its Content-Security-Policy; both are the same for everybody."""
    style, bundle, start = (f"assets/{name}" for name in _docs_assets())
    page = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Building Vitals API</title>'
        f'<link rel="icon" href="data:,"><link rel="stylesheet" href="{style}"></head>'
        f'<body><div id="docs"></div><script src="{bundle}"></script><script src="{start}"></script>'
        "</body></html>"
    )
    return page, _policy(page)


@cache
def _docs_assets() -> dict[str, bytes]:
    """Returns style, bundle and start of Swagger UI, by names that change with their content."""
    folder = resources.files(_SWAGGER)
    contents = {
        "swagger-ui.css": (folder / "swagger-ui.min.css").read_bytes(),
        "swagger-ui.js": (folder / "swagger-ui-bundle.min.js").read_bytes(),
        "docs.js": _START.encode(),
    }
    return {_versioned(name, content): content for name, content in contents.items()}


def _versioned(name: str, content: bytes) -> str:
    path = Path(name)
    return f"{path.stem}-{hashlib.sha256(content).hexdigest()[:16]}{path.suffix}"


def _policy(page: str) -> str:
    return _POLICY.format(scripts=" ".join(["'self'", *map(_hashed, _INLINE_SCRIPT.findall(page))]))


def _hashed(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
