"""axe-core, which finds what keeps people from using a page."""

from pathlib import Path

from playwright.sync_api import Page

from support.needs import missing

_SCRIPT = Path(__file__).parents[1] / "node" / "node_modules" / "axe-core" / "axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    """What axe finds: each rule with the elements that break it."""
    if not _SCRIPT.exists():
        missing("axe-core (npm ci in tests/node, which `make test` does)")
    if not page.evaluate("'axe' in window"):
        page.evaluate(_SCRIPT.read_text())
    found = page.evaluate("(tags) => axe.run({ runOnly: tags })", _RULES)
    return [
        f"{rule['id']}: {rule['help']}: {[node['html'][:160] for node in rule['nodes'][:3]]}"
        for rule in found["violations"]
    ]
