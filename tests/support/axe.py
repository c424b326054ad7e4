"""Pages as axe-core judges them, and the looks in which they are judged."""

from playwright.sync_api import Page

from tests.support.browser import ALL_VIEWS, PHONE
from tests.support.local_stack import ROOT

_AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
SCREENS = {"wide": {"width": 1400, "height": 900}, "phone": PHONE}
ALL_LOOKS = [(screen, scheme) for screen in SCREENS for scheme in ("light", "dark")]
LOOKS = ALL_LOOKS if ALL_VIEWS else [("wide", "light"), ("phone", "dark")]
# What is wrong, with the elements in which it is.
_JUDGE = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) =>
        [id, ...nodes.map((node) => `${node.target.join(" ")}: ${node.failureSummary}`)].join("\\n  "));
}"""


def violations(page: Page) -> list[str]:
    """What axe-core finds on the page as it is."""
    page.evaluate(_AXE.read_text())
    texts: list[str] = page.evaluate(_JUDGE)
    return texts
