"""The API described for programs, and as a page for people that asks nobody else for anything."""

import base64
import hashlib
from functools import cache
from importlib import resources
from pathlib import Path

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
# The scripts by their hashes; styles also where the page makes them; requests to this origin only.
_POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data:; font-src data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@cache
def openapi() -> str:
    """The document that local/openapi.py composed from all functions."""
    return Path(__file__).with_name("openapi.json").read_text()


@cache
def docs() -> tuple[str, str]:
    """The page and the Content-Security-Policy that it needs; both are the same for everybody."""
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
