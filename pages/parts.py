"""Parts that several pages share."""

from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from moodtracker.drawing import faces
from moodtracker.moods import Mood
from pages import assets, sub_path


def brand() -> str:
    """The name with its face; leads to the board."""
    return (
        f'<a class="brand" href="{sub_path.address("/")}">{faces.face(Mood.GREAT)} Moodtracker</a>'
    )


@contextmanager
def narrow_card(title: str, words: str) -> Iterator[None]:
    """A page of one narrow card, with the brand above and what the block adds inside."""
    assets.add_style()
    ui.add_body_html(faces.symbols())
    with ui.element("main").classes("narrow"):
        ui.html(brand(), sanitize=False)
        with ui.element("div").classes("card"):
            _text("h1", title)
            _text("p", words)
            yield


@contextmanager
def form(action: str) -> Iterator[None]:
    """A form that is posted to ``action``, a bare path: only an HTTP answer can set a cookie."""
    with ui.element("form").classes("stack") as made:
        made.props["method"] = "post"
        made.props["action"] = sub_path.address(action)
        yield


def field(
    label: str,
    name: str,
    *,
    value: str = "",
    kind: str = "text",
    autocomplete: str = "off",
    help_text: str = "",
    wrong: str | None = None,
    required: bool = True,
    focus: bool = False,
) -> None:
    """A labelled input with its help and, where it was wrong, what to do about it."""
    with labelled(label, name, help_text=help_text, wrong=wrong):
        box = ui.element("input")
        box.props["id"] = box.props["name"] = name
        box.props["type"] = kind
        box.props["autocomplete"] = autocomplete
        box.props["aria-describedby"] = f"{name}-notes"
        if value:
            box.props["value"] = value
        if required:
            box.props["required"] = True
        if focus:
            box.props["autofocus"] = True
        if wrong:
            box.props["aria-invalid"] = "true"
        if autocomplete in ("username", "email"):
            box.props["autocapitalize"] = "none"
            box.props["spellcheck"] = "false"


@contextmanager
def labelled(label: str, name: str, *, help_text: str, wrong: str | None) -> Iterator[None]:
    """What stands around an input: its label above, its notes below."""
    with ui.element("div").classes("field"):
        _text("label", label).props["for"] = name
        yield
        with ui.element("div") as notes:
            notes.props["id"] = f"{name}-notes"
            if wrong:
                _text("p", wrong).classes("wrong")
            elif help_text:
                _text("p", help_text).classes("help")


def hidden(name: str, value: str) -> None:
    """A value that goes along with a form."""
    box = ui.element("input")
    box.props["type"] = "hidden"
    box.props["name"] = name
    box.props["value"] = value


def submit(label: str) -> None:
    """The form's button."""
    _text("button", label).classes("primary").props["type"] = "submit"


def alert(words: str) -> None:
    """What went wrong with the whole form, read out at once."""
    _text("p", words).classes("alert").props["role"] = "alert"


def aside(words: str, link: str, address: str) -> None:
    """A line below the form that leads elsewhere, to a bare path."""
    with ui.element("p").classes("aside"):
        _text("span", words + " ")
        _text("a", link).props["href"] = sub_path.address(address)


class _Text(TextElement):
    """An HTML element that holds nothing but text."""


def _text(tag: str, words: str) -> ui.element:
    return _Text(tag=tag, text=words)
