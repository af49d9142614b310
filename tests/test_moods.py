"""The five moods: names, emoji, and colours that all eyes can tell apart."""

import math
from itertools import combinations

import pytest

from moodtracker.moods import Mood

Triple = tuple[float, float, float]
Matrix = tuple[Triple, Triple, Triple]

# What full colour blindness makes of linear RGB (Machado, Oliveira and Fernandes 2009, severity 1).
SIGHT: dict[str, Matrix] = {
    "full colour vision": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
RGB_TO_XYZ: Matrix = (
    (41.24564, 35.75761, 18.04375),
    (21.26729, 71.51522, 7.21750),
    (1.93339, 11.91920, 95.03041),
)
CAT02: Matrix = (
    (0.7328, 0.4296, -0.1624),
    (-0.7036, 1.6975, 0.0061),
    (0.0030, 0.0136, 0.9834),
)
# CAT02 to the cone responses of Hunt, Pointer and Estévez.
CAT02_TO_HPE: Matrix = (
    (0.7409792, 0.2180250, 0.0410058),
    (0.2853532, 0.6242014, 0.0904454),
    (-0.0096280, -0.0056980, 1.0153260),
)


def times(matrix: Matrix, vector: Triple) -> Triple:
    """Multiply a matrix and a column."""
    x, y, z = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return x, y, z


def linear(colour: str) -> Triple:
    """#rrggbb as linear sRGB, 0 to 1 (IEC 61966-2-1)."""
    r, g, b = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (channel / 255 for channel in bytes.fromhex(colour[1:]))
    )
    return r, g, b


def cam02_ucs(rgb: Triple) -> Triple:
    """Linear sRGB in CAM02-UCS (Luo, Cui and Li 2006): J', a', b'.

    Viewed as sRGB is meant to be: D65, 64 lux, a grey ground of 20 %, average surround.
    """
    adapting, ground = 64 / math.pi / 5, 20.0
    k = 1 / (5 * adapting + 1)
    f_l = 0.2 * k**4 * 5 * adapting + 0.1 * (1 - k**4) ** 2 * (5 * adapting) ** (1 / 3)
    n = ground / 100
    n_bb: float = 0.725 * n**-0.2
    adapted = 1 - math.exp((-adapting - 42) / 92) / 3.6
    white = times(CAT02, times(RGB_TO_XYZ, (1, 1, 1)))

    def responses(colour: Triple) -> Triple:
        balanced = tuple(
            c * (adapted * 100 / w + 1 - adapted) for c, w in zip(colour, white, strict=True)
        )
        r, g, b = (
            math.copysign(400 * (x := (f_l * abs(c) / 100) ** 0.42) / (x + 27.13), c) + 0.1
            for c in times(CAT02_TO_HPE, balanced)  # type: ignore[arg-type]
        )
        return r, g, b

    def achromatic(cones: Triple) -> float:
        return (2 * cones[0] + cones[1] + cones[2] / 20 - 0.305) * n_bb

    r, g, b = cones = responses(times(CAT02, times(RGB_TO_XYZ, rgb)))
    red_green = r - 12 * g / 11 + b / 11
    yellow_blue = (r + g - 2 * b) / 9
    hue = math.atan2(yellow_blue, red_green)
    lightness = 100 * (achromatic(cones) / achromatic(responses(white))) ** (
        0.69 * (1.48 + math.sqrt(n))
    )
    eccentricity = (math.cos(hue + 2) + 3.8) / 4
    t = 50000 / 13 * n_bb * eccentricity * math.hypot(red_green, yellow_blue)
    t /= r + g + 21 * b / 20
    chroma = t**0.9 * math.sqrt(lightness / 100) * (1.64 - 0.29**n) ** 0.73
    colourfulness = math.log(1 + 0.0228 * chroma * f_l**0.25) / 0.0228
    return (
        1.7 * lightness / (1 + 0.007 * lightness),
        colourfulness * math.cos(hue),
        colourfulness * math.sin(hue),
    )


def seen(colour: str, sight: str) -> Triple:
    """A colour in CAM02-UCS as someone with this sight sees it."""
    r, g, b = (min(1.0, max(0.0, c)) for c in times(SIGHT[sight], linear(colour)))
    return cam02_ucs((r, g, b))


def test_the_colour_model_gives_white_full_lightness_and_no_colour() -> None:
    lightness, a, b = cam02_ucs((1, 1, 1))
    assert lightness == pytest.approx(100, abs=0.01)
    # Incomplete adaptation leaves a trace of colour in D65.
    assert math.hypot(a, b) < 2.5


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("ground", ["light", "dark"])
def test_any_two_moods_are_at_least_14_apart_for_every_kind_of_sight(
    sight: str, ground: str
) -> None:
    for one, other in combinations(Mood, 2):
        distance = math.dist(seen(getattr(one, ground), sight), seen(getattr(other, ground), sight))
        assert distance >= 14, f"{one.word} and {other.word}"


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("ground", ["light", "dark"])
def test_lightness_rises_with_the_mood_for_every_kind_of_sight(sight: str, ground: str) -> None:
    lightness = [seen(getattr(mood, ground), sight)[0] for mood in Mood]
    assert lightness == sorted(lightness)


def test_a_mood_is_told_by_word_label_and_emoji() -> None:
    assert [mood.word for mood in Mood] == ["awful", "bad", "okay", "good", "great"]
    assert [mood.label for mood in Mood] == ["Awful", "Bad", "Okay", "Good", "Great"]
    assert [mood.emoji for mood in Mood] == ["😢", "🙁", "😐", "🙂", "😄"]


def test_no_two_moods_share_a_colour_or_a_face() -> None:
    assert len({mood.light for mood in Mood}) == len({mood.dark for mood in Mood}) == 5
    assert len({mood.face for mood in Mood}) == 5


def test_a_face_stays_within_its_square() -> None:
    for mood in Mood:
        for stroke in mood.face.strokes:
            for x, y in (stroke.start, stroke.control, stroke.end):
                assert 0 < x < 24
                assert 0 < y < 24


def test_the_ink_of_a_face_stands_out_from_its_colour() -> None:
    for mood in Mood:
        for colour in (mood.light, mood.dark):
            assert abs(cam02_ucs(linear(mood.face.ink))[0] - cam02_ucs(linear(colour))[0]) > 25
