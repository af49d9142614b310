"""Zones for tests: one where it is noon, and data as another version of the database has them."""

import struct
from datetime import UTC, datetime
from pathlib import Path


def zone_of_noon() -> str:
    """Where it is about noon, so that no day ends meanwhile."""
    hours = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-hours:+d}"


def write_zone(
    folder: Path, name: str, hours: float, then: tuple[datetime, float] | None = None
) -> None:
    """Write a zone so many hours ahead of UTC; ``then`` is when it has so many others (RFC 8536).

    Read where ``folder`` stands in PYTHONTZPATH, before what the system has.
    """
    changes, offsets = [], [hours]
    if then:
        moment, later = then
        changes.append(int(moment.timestamp()))
        offsets.append(later)
    names = b"NOW\0"
    header = struct.pack(
        ">4sc15x6l", b"TZif", b"2", 0, 0, 0, len(changes), len(offsets), len(names)
    )
    block = struct.pack(f">{len(changes)}q{len(changes)}B", *changes, *range(1, len(offsets)))
    seconds = [round(3600 * each) for each in offsets]
    block += b"".join(struct.pack(">lBB", each, 0, 0) for each in seconds) + names
    empty = struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, 0, 1, 1) + struct.pack(
        ">lBBc", 0, 0, 0, b"\0"
    )
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    sign, last = "-" if seconds[-1] > 0 else "", abs(seconds[-1])
    ahead = f"{sign}{last // 3600}:{last // 60 % 60:02}:{last % 60:02}"
    file.write_bytes(empty + header + block + f"\n<NOW>{ahead}\n".encode())
