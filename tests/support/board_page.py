"""A board in a browser, as a person sees it."""

import re

from playwright.sync_api import Page

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


class BoardPage:
    """What a person sees of a board, and does with it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def pick(self, mood: int) -> None:
        self.page.click(f"[data-mood='{mood}']")

    def chips(self) -> list[str]:
        """The moods that stand in today's card, in words."""
        return [
            re.sub(r"\s+", " ", words).strip()
            for words in self.page.locator("[data-change]").all_inner_texts()
        ]

    def await_moods(self, *words: str) -> None:
        """Wait until exactly these moods ('Good', ...) stand in today's card."""
        self.page.wait_for_function(
            """(words) => {
                const chips = [...document.querySelectorAll("[data-change]")];
                return chips.length === words.length
                    && chips.every((chip, i) => chip.innerText.includes(words[i]));
            }""",
            arg=list(words),
        )

    def await_message(self, part: str) -> None:
        self.page.wait_for_function(
            "(part) => document.getElementById('message').textContent.includes(part)", arg=part
        )

    def await_connection(self) -> None:
        self.page.wait_for_function("window.did_handshake === true")

    def today_classes(self) -> set[str]:
        return set((self.page.get_attribute("td.today", "class") or "").split())

    def send_tap(self, **tap: object) -> None:
        """Send what a hand-made socket message would carry."""
        self.await_connection()
        self.page.evaluate("(tap) => emitEvent('tap', tap)", tap)
