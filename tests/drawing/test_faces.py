"""The five faces are the same drawing as SVG and as pixels."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from moodtracker.drawing import face_files, faces, painted_faces
from moodtracker.moods import Mood

SVG = "{http://www.w3.org/2000/svg}"


def painted(mood: Mood, side: int) -> Image.Image:
    image = Image.new("RGB", (side + 10, side + 10), "#123456")
    painted_faces.paint(image, mood, (5, 5, side + 5, side + 5))
    return image


def test_a_page_holds_each_face_once_as_a_symbol() -> None:
    root = ET.fromstring(faces.symbols())
    assert root.get("display") == "none"
    assert [symbol.get("id") for symbol in root] == [f"face-{score}" for score in range(1, 6)]
    assert {symbol.get("viewBox") for symbol in root} == {"0 0 24 24"}


def test_the_discs_in_a_page_take_their_colours_from_the_style_sheet() -> None:
    for mood, symbol in zip(Mood, ET.fromstring(faces.symbols()), strict=True):
        assert symbol[0].get("fill") == f"var(--mood-{mood:d})"
        assert mood.light not in ET.tostring(symbol).decode()


@pytest.mark.parametrize("mood", Mood)
def test_a_face_refers_to_its_symbol_and_is_silent_to_a_screen_reader(mood: Mood) -> None:
    root = ET.fromstring(faces.face(mood))
    assert root.get("class") == "face"
    assert root.get("aria-hidden") == "true"
    assert root[0].get("href") == f"#face-{mood:d}"


@pytest.mark.parametrize("mood", Mood)
def test_a_standalone_face_needs_nothing_else(mood: Mood) -> None:
    markup = faces.standalone(mood)
    assert "var(" not in markup
    root = ET.fromstring(markup)
    assert root.tag == f"{SVG}svg"
    assert root[0].get("fill") == mood.light
    assert len(list(root[1])) == len(mood.face.eyes) + len(mood.face.strokes)


@pytest.mark.parametrize(("name", "content"), face_files.contents().items())
def test_the_files_that_browsers_get_are_drawn_of_these_faces(name: str, content: str) -> None:
    assert (Path("assets") / name).read_text(encoding="utf-8") == content


@pytest.mark.parametrize("side", [16, 30, 96])
@pytest.mark.parametrize("mood", Mood)
def test_a_painted_face_is_a_disc_of_its_colour_and_leaves_the_corners(
    mood: Mood, side: int
) -> None:
    image = painted(mood, side)
    red, green, blue = bytes.fromhex(mood.light[1:])
    assert image.getpixel((5 + side // 2, 5 + side // 10)) == (red, green, blue)
    for corner in ((5, 5), (side + 4, 5), (5, side + 4), (side + 4, side + 4), (0, 0)):
        assert image.getpixel(corner) == (0x12, 0x34, 0x56)


@pytest.mark.parametrize("mood", Mood)
def test_eyes_and_mouth_are_painted_where_the_face_has_them(mood: Mood) -> None:
    image = painted(mood, 240)
    red, green, blue = bytes.fromhex(mood.face.ink[1:])
    for x, y in mood.face.eyes:
        assert image.getpixel((round(5 + x * 10), round(5 + y * 10))) == (red, green, blue)
    for stroke in mood.face.strokes:
        middle = [
            (a + 2 * b + c) / 4
            for a, b, c in zip(stroke.start, stroke.control, stroke.end, strict=True)
        ]
        x, y = (round(5 + at * 10) for at in middle)
        assert image.getpixel((x, y)) == (red, green, blue)


@pytest.mark.parametrize("mood", Mood)
def test_a_face_has_smooth_edges(mood: Mood) -> None:
    colours = painted(mood, 30).getcolors()
    assert colours is not None
    assert len(colours) > 20
