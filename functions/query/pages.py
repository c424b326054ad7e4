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

_SWAGGER = "aws_lambda_powertools.event_handler.openapi.swagger_ui"
_START = """
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
# Scripts by their hashes; inline styles; requests to this origin only.
_POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data:; font-src data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


# Scripts and requests of this origin only; a script in the page itself by its hash.
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self' {scripts}; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
_NOT_BUILT = "this deployment has no page; run `make build` before deploying"
_BUILT = Path(__file__).with_name("web")
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
        return page, _PAGE_POLICY.format(scripts=" ".join(map(_hashed, _INLINE_SCRIPT.findall(page))))

    def asset(self, name: str) -> tuple[bytes, str]:
        """Returns a file that the page loads, and its type; NotFoundError when there is no such file."""
        paths = {path.name: path for path in self.folder.glob("assets/*") if path.suffix in _TYPES}
        if name not in paths:
            raise NotFoundError(f"there is no file {name!r}")
        return paths[name].read_bytes(), _TYPES[paths[name].suffix]


@cache
def openapi() -> str:
    """Returns the document that tools/openapi.py composed from all functions."""
    return Path(__file__).with_name("openapi.json").read_text()


@cache
def docs() -> tuple[str, str]:
    """Returns the page and its Content-Security-Policy; both are the same for everybody."""
    folder = resources.files(_SWAGGER)
    bundle = (folder / "swagger-ui-bundle.min.js").read_text()
    style = (folder / "swagger-ui.min.css").read_text()
    page = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Building Vitals API</title>'
        '<link rel="icon" href="data:,">'
        f'<style>{style}</style></head><body><div id="docs"></div>'
        f"<script>{bundle}</script><script>{_START}</script></body></html>"
    )
    return page, _POLICY.format(scripts=" ".join(map(_hashed, (bundle, _START))))


def _hashed(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
