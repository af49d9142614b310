"""The settings: read from the environment or an `.env` file, checked once, in plain words."""

import os
from datetime import time
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "MOODTRACKER_"
_DEFAULT_PORTS = {"http": 80, "https": 443}


class SettingsError(Exception):
    """A setting is missing or wrong; the text says which, and what it may be."""


def _web_address(text: str) -> str:
    """The address as browsers write it (WHATWG URL): lower case, no default port."""
    parts = urlsplit(text.strip())
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("give an address such as https://mood.example.org")
    try:
        port = parts.port
    except ValueError:
        raise ValueError("the port should be a number up to 65535") from None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if port not in (None, _DEFAULT_PORTS[parts.scheme]):
        host += f":{port}"
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}"


def _database_address(text: str) -> str:
    if not text.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        raise ValueError("give sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")
    return text.replace("postgresql://", "postgresql+psycopg://", 1)


class Settings(BaseSettings):
    """All settings, by the names of ``docs/settings.md`` without their prefix."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    data_dir: Path = Path("data")
    database_url: Annotated[str, AfterValidator(_database_address)] = Field("", repr=False)
    database_url_file: Path | None = None

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    base_url: Annotated[str, AfterValidator(_web_address)] = Field(
        default_factory=lambda checked: f"http://localhost:{checked['port']}"
    )

    registration: Literal["first", "open", "closed"] = "first"

    smtp_host: str | None = None
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_password_file: Path | None = None
    mail_from: str | None = None

    year_end_mail_at: time = time(9)
    year_end_keep_days: int = Field(default=30, ge=0, le=90)

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Read secrets from their files, and derive what was not given."""
        filled = {name: value for name, value in given.items() if value not in ("", None)}
        for name in ("database_url", "smtp_password"):
            file = filled.get(f"{name}_file")
            if file and name in filled:
                raise ValueError(f"set {_public(name)} or {_public(name)}_FILE, not both")
            if file:
                filled[name] = _read(f"{_public(name)}_FILE", Path(file))
        data_dir = Path(filled.get("data_dir", "data"))
        filled.setdefault("database_url", f"sqlite:///{data_dir / 'moodtracker.db'}")
        return filled

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.smtp_host and not self.mail_from:
            raise ValueError("SMTP_HOST needs MAIL_FROM, the address that mails come from")
        if self.mail_from and "@" not in parseaddr(self.mail_from)[1]:
            raise ValueError("MAIL_FROM should be an address such as mood@example.org")
        if self.smtp_username and not self.smtp_password:
            raise ValueError("SMTP_USERNAME needs SMTP_PASSWORD")
        if self.year_end_mail_at.tzinfo:
            raise ValueError("YEAR_END_MAIL_AT is a local time such as 09:00, without a zone")
        return self

    @property
    def secure(self) -> bool:
        """Whether people reach the app over https."""
        return self.base_url.startswith("https:")

    @property
    def origin(self) -> str:
        """Scheme, host and port of the public address, as a browser's Origin header says it."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def hostname(self) -> str:
        """The host of the public address, without a port."""
        return urlsplit(self.base_url).hostname or "localhost"


def load(**given: object) -> Settings:
    """Read the settings from the environment and `.env`; ``given`` ones come first.

    Raises :class:`SettingsError`, which names each wrong setting and never shows its value.
    """
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError(
            "\n".join(
                _in_words(item)
                for item in error.errors()
                if item["type"] != "default_factory_not_called"
            )
        ) from None


def unknown_names() -> list[str]:
    """Names in the environment or `.env` that look like settings of ours but are none."""
    known = {_public(name) for name in Settings.model_fields}
    present = {*os.environ, *dotenv_values(".env")}
    return sorted(name for name in present if name.startswith(PREFIX) and name not in known)


def _public(name: str) -> str:
    return PREFIX + name.upper()


def _read(setting: str, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"{setting} names a file that cannot be read ({type(error).__name__})"
        ) from None


def _in_words(item: Any) -> str:
    names = ", ".join(_public(str(part)) for part in item["loc"])
    return f"{names or 'Settings'}: {item['msg'].removeprefix('Value error, ')}"
