"""A process that can write to one folder and nowhere else, as in a read-only container."""

import subprocess
import sys
from pathlib import Path

from support.needs import missing
from support.server import ROOT

# Every file system but the folder is read-only in a mount namespace of its own: /tmp as well.
_SEAL = """
set -e
folder=$1; shift
mount --bind "$folder" "$folder"
while read -r _ point _; do
    case "$point" in
        "$folder" | /proc | /proc/* | /sys | /sys/*) ;;
        *) mount -o remount,bind,ro "$point" 2>/dev/null || true ;;
    esac
done </proc/self/mounts
cd /
exec "$@"
"""


def sealed(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python with ``words``, with ``folder`` as DATA_DIR and the one place to write to."""
    can = ["unshare", "--mount", "mount", "--bind", str(folder), str(folder)]
    if subprocess.run(can, capture_output=True, check=False).returncode:
        missing("the right to mount (root)")
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", _SEAL, "sh", str(folder), sys.executable, *words],
        env={"MOODTRACKER_DATA_DIR": str(folder), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
