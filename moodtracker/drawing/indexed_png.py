"""PNG files of palette indices (W3C PNG, third edition), with the one filter that suits a board.

Pillow stores an image with a palette as it is, which makes a full year 60 KB; with rows of squares
stored as their difference from the row above it is 14 KB, and the mail carries it twice.
"""

import struct
import zlib
from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageChops

Rgb = tuple[int, int, int]

_LEVEL = 6
_ONCE_LEVEL = 9
_ZLIB_HEADER, _LAST_BLOCK = b"\x78\x9c", b"\x03\x00"  # RFC 1950, and an empty one of RFC 1951


def encode(
    image: Image.Image, palette: Sequence[Rgb], bands: range, *, is_one_of_many: bool = False
) -> bytes:
    """An image of 8-bit palette indices (mode L) as a PNG.

    ``bands`` are the first rows of bands of squares, up to where the last ends. Their rows are
    stored as differences from the row above (filter type 2, Up), the others as they are (filter
    type 0), which is smaller for text. Where the image is ``is_one_of_many``, what those have in
    common is packed once for all.
    """
    width, height = image.size
    parts = [_rows(image, 0, bands.start)]
    parts += [_rows_as_differences(image, top, min(top + bands.step, bands.stop)) for top in bands]
    parts.append(_rows(image, bands.stop, height))
    packed = (
        _packed_apart(parts, width + 1)
        if is_one_of_many
        else zlib.compress(b"".join(parts), _LEVEL)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"PLTE", bytes(channel for colour in palette for channel in colour))
        + _chunk(b"IDAT", packed)
        + _chunk(b"IEND", b"")
    )


def _rows(image: Image.Image, top: int, bottom: int) -> bytes:
    return _with_filter_type(0, image.crop((0, top, image.width, bottom)))


def _rows_as_differences(image: Image.Image, top: int, bottom: int) -> bytes:
    # Band by band: for images of the whole size, each time anew, the memory alone takes a
    # millisecond.
    here = image.crop((0, top, image.width, bottom))
    above = image.crop((0, top - 1, image.width, bottom - 1))
    return _with_filter_type(2, ImageChops.subtract_modulo(here, above))


def _with_filter_type(number: int, pixels: Image.Image) -> bytes:
    """The pixels with what stands before each row."""
    rows = Image.new("L", (pixels.width + 1, pixels.height), number)
    rows.paste(pixels, (1, 0))
    return rows.tobytes()


def _packed_apart(parts: Sequence[bytes], width: int) -> bytes:
    """The parts as one zlib stream (RFC 1950), packed one by one.

    All squares being alike, two pictures differ in the first row of each band, and above and below
    all bands; the rest, most of it, comes out the same.
    """
    first, *bands, last = parts
    blocks = [_ZLIB_HEADER, _deflated(first)]
    for band in bands:
        blocks += (_deflated(band[:width]), _deflated_once(band[width:]))
    checksum = 1
    for part in parts:
        checksum = zlib.adler32(part, checksum)
    blocks += (_deflated(last), _LAST_BLOCK, struct.pack(">I", checksum))
    return b"".join(blocks)


def _deflated(part: bytes, level: int = _LEVEL) -> bytes:
    """Whole blocks (RFC 1951) that look back at nothing before them."""
    packer = zlib.compressobj(level, wbits=-zlib.MAX_WBITS)
    return packer.compress(part) + packer.flush(zlib.Z_FULL_FLUSH)


@lru_cache(maxsize=64)  # twelve bands for each language
def _deflated_once(part: bytes) -> bytes:
    return _deflated(part, _ONCE_LEVEL)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
