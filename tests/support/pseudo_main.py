"""`python main.py` with one more language, in which each letter of a translated text is circled.

A plain letter on a page is then one that did not go through the catalogues.
"""

import re
import sys
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from moodtracker import language  # noqa: E402 - it is found only now

PSEUDO = "qps"
_CIRCLED = {ord("A") + n: 0x24B6 + n for n in range(26)} | {
    ord("a") + n: 0x24D0 + n for n in range(26)
}
_PLACEHOLDER = re.compile(r"(\{\w+\})")


class Circled(NullTranslations):
    """Every text in circled letters, its placeholders as they are."""

    def gettext(self, message: str) -> str:
        parts = _PLACEHOLDER.split(message)
        return "".join(p if p.startswith("{") else p.translate(_CIRCLED) for p in parts)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


def speak_circled() -> None:
    """Let the language be one that may be spoken."""
    catalogue = language._catalogue
    language.LANGUAGES[PSEUDO] = "Circled"
    language._catalogue = lambda tag: Circled() if tag == PSEUDO else catalogue(tag)
    locale = language._locale
    language._locale = lru_cache(lambda tag: locale("en_150" if tag == PSEUDO else tag))


if __name__ == "__main__":
    speak_circled()
    import main

    main.main()
