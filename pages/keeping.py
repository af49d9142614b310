"""The one place from which a year is taken home: a link for each kind of file."""

from moodtracker.language import gettext as _
from pages.sub_path import address


def links(year: int | None = None) -> str:
    """A folded list of all files of the current year, or of one that is closed."""
    # Names of formats and of paper are the same in all languages.
    groups = {
        _("Picture"): {
            "PNG": "/board.png?",
            _("large PNG"): "/board.png?size=print",
            "SVG": "/board.svg?",
        },
        _("Page to print (PDF)"): {"A4": "/board.pdf?", "Letter": "/board.pdf?paper=letter"},
        _("Poster to frame"): {
            "A4": "/board.pdf?shape=poster",
            "Letter": "/board.pdf?shape=poster&amp;paper=letter",
            "PNG": "/board.png?shape=poster&amp;size=print",
        },
        _("Moods and notes"): {"CSV": "/moods.csv?", "JSON": "/moods.json?"},
    }
    items = "".join(_group(name, files, year) for name, files in groups.items())
    return (
        f'<details class="keep"><summary>{_("Keep your year")}</summary><ul>{items}</ul></details>'
    )


def _group(name: str, files: dict[str, str], year: int | None) -> str:
    that = f"&amp;year={year}" if year else ""
    anchors = "".join(
        f'<a href="{address(path + that)}" aria-label="{name}: {words}" download>{words}</a>'
        for words, path in files.items()
    )
    return f"<li><span>{name}</span>{anchors}</li>"
