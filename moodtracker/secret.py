"""The server's own secret: what signs, and what makes hashes that nobody else can make."""

import fcntl
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from moodtracker.settings import Settings, SettingsError, can_be_guessed

MADE_FILE = "secret_key"


class Secret:
    """Keys for each purpose, derived from the one secret."""

    def __init__(self, key: str) -> None:
        """Derive from ``key``, which nobody can guess."""
        self._key = key.encode()

    @classmethod
    def is_missing(cls, settings: Settings) -> bool:
        """Whether there is none yet, so that :meth:`of` is to make one."""
        return not settings.secret_key and not (settings.data_dir / MADE_FILE).exists()

    @classmethod
    def of(cls, settings: Settings) -> "Secret":
        """SECRET_KEY, or the one in DATA_DIR, which is made at the first start with mode 0600.

        Raises :class:`~moodtracker.settings.SettingsError` where it can be neither read nor made,
        and where what it holds could be guessed.
        """
        if settings.secret_key:
            return cls(settings.secret_key.get_secret_value())
        file = settings.data_dir / MADE_FILE
        try:
            key = _read_or_make(file)
        except OSError as error:
            raise SettingsError(
                f"The secret key in {file} can be neither read nor made ({error.strerror}): make "
                "the folder writable for the user that runs Moodtracker, or set "
                "MOODTRACKER_SECRET_KEY."
            ) from None
        except UnicodeDecodeError:
            key = ""
        if can_be_guessed(key):
            raise SettingsError(
                f"The secret key in {file} is empty or damaged. Put it back from a backup, or "
                "delete the file to have a new one made: links in emails sent so far then stop "
                "working."
            )
        return cls(key)

    def key(self, purpose: str) -> str:
        """A key of 64 hex digits for one purpose; tells nothing of those for others (HMAC)."""
        return hmac.new(self._key, purpose.encode(), hashlib.sha256).hexdigest()

    def digest(self, purpose: str, text: str) -> str:
        """What ``text`` becomes where it must be recognised, and never be read."""
        content = text.encode(errors="replace")
        return hmac.new(self.key(purpose).encode(), content, hashlib.sha256).hexdigest()


def _read_or_make(file: Path) -> str:
    if not file.exists():
        _make(file)
    return file.read_text(encoding="ascii").strip()


def _make(file: Path) -> None:
    """Whole or not at all, and by one of several that start at once, on any file system.

    The lock goes with whoever has it. Where they wait for it the file may have its name already.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    staged = file.with_name(f"{MADE_FILE}.new")
    handle = os.open(staged, os.O_WRONLY | os.O_CREAT, 0o600)
    with open(handle, "w", encoding="ascii") as content:
        fcntl.flock(content, fcntl.LOCK_EX)
        if file.exists():
            staged.unlink(missing_ok=True)
            return
        content.truncate()  # what another one left that was killed
        content.write(secrets.token_urlsafe(48))
        content.flush()
        os.fsync(content.fileno())
        staged.replace(file)
