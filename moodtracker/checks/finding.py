"""What a check found."""

from dataclasses import dataclass
from typing import Literal, Self

State = Literal["ok", "warning", "fault"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it stands, and what to do about it."""

    subject: str
    state: State
    words: str
    cure: str = ""

    @classmethod
    def ok(cls, subject: str, words: str) -> Self:
        """All is well."""
        return cls(subject, "ok", words)

    @classmethod
    def warning(cls, subject: str, words: str, cure: str) -> Self:
        """It runs, but something will not happen that people may expect."""
        return cls(subject, "warning", words, cure)

    @classmethod
    def fault(cls, subject: str, words: str, cure: str) -> Self:
        """Something does not work."""
        return cls(subject, "fault", words, cure)
