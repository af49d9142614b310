"""Parts that several pages share."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from moodtracker.accounts.people import Person
from moodtracker.drawing import faces
from moodtracker.language import gettext as _
from moodtracker.moods import Mood
from pages import assets, keeping, obstacles
from pages.sub_path import address


def brand() -> str:
    """The name with its face; leads to the board."""
    return f'<a class="brand" href="{address("/")}">{faces.face(Mood.GREAT)} Moodtracker</a>'


def header(person: Person) -> str:
    """What stands on top of each page of somebody who is signed in, with the menu."""
    administration = (
        f'<a href="{address("/admin")}">{_("Administration")}</a>' if person.administrator else ""
    )
    return (
        f'<a class="skip" href="#main">{_("Skip to the content")}</a>'
        f'<header class="top">{brand()}<details class="menu">'
        f"<summary>{escape(person.first_name)}</summary><div>"
        f"{keeping.links()}"
        f'<a href="{address("/settings")}">{_("Settings")}</a>{administration}'
        f'<form method="post" action="{address("/logout")}"><button>{_("Sign out")}</button></form>'
        "</div></details></header>"
    )


@contextmanager
def narrow_card(title: str, words: str) -> Iterator[None]:
    """A page of one narrow card, with the brand above and what the block adds inside."""
    assets.add_style()
    ui.context.client.title = f"{title} · Moodtracker"
    obstacles.add(ui.context.client.request)
    ui.add_body_html(faces.symbols())
    with ui.element("main").classes("narrow"):
        ui.html(brand(), sanitize=False)
        with ui.element("div").classes("card"):
            text("h1", title)
            text("p", words)
            yield


@contextmanager
def form(action: str) -> Iterator[None]:
    """A form that is posted to ``action``, a bare path: only an HTTP answer can set a cookie."""
    with ui.element("form").classes("stack") as made:
        made.props["method"] = "post"
        made.props["action"] = address(action)
        yield


def once_drawn(script: str) -> None:
    """Have the page under construction run this when its elements are there, before its socket is.

    The framework draws them in a module of the page, which counts as a part of the document.
    """
    later = f'addEventListener("DOMContentLoaded", () => {{{script}}})'
    ui.add_body_html(assets.inline(ui.context.client.request, later))


def field(
    label: str,
    name: str,
    *,
    html_id: str = "",
    value: str = "",
    kind: str = "text",
    autocomplete: str = "off",
    help_text: str = "",
    wrong: str | None = None,
    required: bool = True,
    focus: bool = False,
) -> None:
    """A labelled input with its help and, where it was wrong, what to do about it.

    ``html_id`` is for a page where several forms have a field of this name.
    """
    html_id = html_id or name
    with labelled(label, html_id, help_text=help_text, wrong=wrong):
        box = ui.element("input")
        box.props["id"] = html_id
        box.props["name"] = name
        box.props["type"] = kind
        box.props["autocomplete"] = autocomplete
        box.props["aria-describedby"] = f"{html_id}-notes"
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


def area(label: str, name: str, *, html_id: str, value: str = "", help_text: str = "") -> None:
    """A labelled place for several lines."""
    with labelled(label, html_id, help_text=help_text, wrong=None):
        box = _Text(tag="textarea", text=value)
        box.props["id"] = html_id
        box.props["name"] = name
        box.props["rows"] = 4
        box.props["spellcheck"] = "false"
        box.props["aria-describedby"] = f"{html_id}-notes"


@contextmanager
def labelled(label: str, html_id: str, *, help_text: str, wrong: str | None) -> Iterator[None]:
    """What stands around an input: its label above, its notes below."""
    with ui.element("div").classes("field"):
        text("label", label).props["for"] = html_id
        yield
        with ui.element("div") as notes:
            notes.props["id"] = f"{html_id}-notes"
            if wrong:
                text("p", wrong).classes("wrong")
            elif help_text:
                text("p", help_text).classes("help")


def hidden(name: str, value: str, autocomplete: str = "") -> None:
    """A value that goes along with a form; ``autocomplete`` tells a password keeper what it is."""
    box = ui.element("input")
    box.props["type"] = "hidden"
    box.props["name"] = name
    box.props["value"] = value
    if autocomplete:
        box.props["autocomplete"] = autocomplete


def submit(label: str, look: str = "primary") -> None:
    """The form's button; ``look`` is 'primary', 'plain' for a lesser one, or 'danger'."""
    text("button", label).classes(look).props["type"] = "submit"


def alert(words: str) -> None:
    """What went wrong with the whole form, read out at once."""
    text("p", words).classes("alert").props["role"] = "alert"


def notice(words: str) -> None:
    """What was just done, read out once the reader has time."""
    text("p", words).classes("notice").props["role"] = "status"


def aside(words: str, link: str, path: str) -> None:
    """A line below the form that leads elsewhere, to a bare path."""
    with ui.element("p").classes("aside"):
        text("span", words + " ")
        text("a", link).props["href"] = address(path)


class _Text(TextElement):
    """An HTML element that holds nothing but text."""


def text(tag: str, words: str) -> ui.element:
    """An element such as ``p`` with these words, whatever characters stand in them."""
    return _Text(tag=tag, text=words)
