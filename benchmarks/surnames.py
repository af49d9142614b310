"""Why people are split by a hash of their id and not by their last name.

Run as `python -m benchmarks.surnames FILE`: FILE has a name and its share in percent on each line,
most frequent first, as the US Census of 1990 published them (`dist.all.last`, which the PyPI
package `names` carries). Prints how full the fullest of 16 parts is, against the mean.
"""

import itertools
import string
import sys
from pathlib import Path

PARTS = 16
PEOPLE = 1_000_000


def main() -> None:
    """Print the table."""
    shares = dict(_read(Path(sys.argv[1])))
    total = sum(shares.values())
    shares = {name: share / total for name, share in shares.items()}
    first = [
        sum(share for name, share in shares.items() if name.startswith(letter))
        for letter in string.ascii_uppercase
    ]
    print(f"{len(shares):,} names; {next(iter(shares))} alone is {max(shares.values()):.1%}")
    print("| split by | fullest of the parts | emptiest |\n|---|---|---|")
    print(_line("ranges of the alphabet of equal width, 16 parts", _alphabet(shares)))
    print(_line("first letter, 26 parts", first))
    print(_line("ranges cut so that they are as even as whole names allow", _cut(shares)))
    print(_line("hash of the last name", _hashed_names(shares)))
    print(_line(f"hash of the person's id, {PEOPLE:,} people", _hashed_ids()))


def _read(file: Path) -> list[tuple[str, float]]:
    rows = (line.split() for line in file.read_text().splitlines() if line.strip())
    # The file's first columns: the name, and how many percent of all people bear it.
    return [(row[0].upper(), float(row[1])) for row in rows]


def _alphabet(shares: dict[str, float]) -> list[float]:
    """By the first two letters, of which there are 676, in 16 ranges of the same width."""
    parts = [0.0] * PARTS
    for name, share in shares.items():
        one, two = (string.ascii_uppercase.find(letter) for letter in (name + "A")[:2])
        parts[min((one * 26 + max(two, 0)) * PARTS // 676, PARTS - 1)] += share
    return parts


def _cut(shares: dict[str, float]) -> list[float]:
    """In the alphabet's order, each part filled to a sixteenth; a name is never divided."""
    parts = [0.0] * PARTS
    reached = 0.0
    for _, share in sorted(shares.items()):
        parts[min(int((reached + share / 2) * PARTS), PARTS - 1)] += share
        reached += share
    return parts


def _hashed_names(shares: dict[str, float]) -> list[float]:
    parts = [0.0] * PARTS
    for name, share in shares.items():
        parts[_hash(name.encode()) % PARTS] += share
    return parts


def _hashed_ids() -> list[float]:
    parts = [0.0] * PARTS
    for number in itertools.islice(itertools.count(1), PEOPLE):
        parts[_hash(number.to_bytes(8, "little")) % PARTS] += 1
    return parts


def _hash(data: bytes) -> int:
    """FNV-1a, 64 bits: PostgreSQL's own is another, and as even."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % (1 << 64)
    return value ^ value >> 32


def _line(what: str, parts: list[float]) -> str:
    mean = sum(parts) / len(parts)
    return f"| {what} | {max(parts) / mean:.2f} x the mean | {min(parts) / mean:.2f} x |"


if __name__ == "__main__":
    main()
