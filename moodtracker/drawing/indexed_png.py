"""PNG files of palette indices (W3C PNG, third edition), with the one filter that suits a board.

Pillow stores an image with a palette as it is, which makes a full year 60 KB; with rows of squares
stored as their difference from the row above it is 16 KB, and the mail carries it twice.
"""

import struct
import zlib
from collections.abc import Sequence

from PIL import Image, ImageChops

Rgb = tuple[int, int, int]


def encode(image: Image.Image, palette: Sequence[Rgb], *, alike: range) -> bytes:
    """An image of 8-bit palette indices (mode L) as a PNG.

    The rows in ``alike`` are stored as differences from the row above (filter type 2, Up), the
    others as they are (filter type 0), which is smaller for text.
    """
    width, height = image.size
    top, bottom = alike.start, alike.stop
    rows = Image.new("L", (width + 1, height))  # the first byte of each row is its filter type
    rows.paste(image, (1, 0))
    rows.paste(2, (0, top, 1, bottom))
    here = image.crop((0, top, width, bottom))
    above = image.crop((0, top - 1, width, bottom - 1))
    rows.paste(ImageChops.subtract_modulo(here, above), (1, top))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"PLTE", bytes(channel for colour in palette for channel in colour))
        + _chunk(b"IDAT", zlib.compress(rows.tobytes(), 6))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
