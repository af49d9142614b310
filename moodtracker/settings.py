"""The settings: read from the environment or an `.env` file, checked once, in plain words."""

import os
from datetime import time
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from moodtracker.postgresql import Limits
from moodtracker.setting_values import (
    Network,
    address_with_place,
    database_address,
    issuer,
    mail_host,
    networks,
    sender,
    web_address,
)

PREFIX = "MOODTRACKER_"
SECRETS = (
    "database_url",
    "secret_key",
    "smtp_password",
    "oidc_client_secret",
    "metrics_token",
    "healthcheck_url",
)
SHORTEST_SECRET_KEY = 32
_FEWEST_CHARACTERS = 8  # different ones; a key made at random has more
_SHORTEST_METRICS_TOKEN = 16


class SettingsError(Exception):
    """A setting is missing or wrong; the text says which, and what it may be."""


class Settings(BaseSettings):
    """All settings, without their prefix. What stands below each is said in docs/settings.md.

    `settings_page.py` reads it there: for Pydantic to do so takes 15 ms of each start.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    data_dir: Path = Path("data")
    """Where the SQLite file, the generated secret key and the daily backups are kept."""
    database_url: Annotated[str, AfterValidator(database_address)] = Field("", repr=False)
    """`sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`; of several hosts, as
    `HOST1:5432,HOST2:5432`, the one that can be written to is used."""
    database_url_file: Path | None = None
    database_connections: int = Field(default=10, ge=2, le=500)
    """How many connections to PostgreSQL one process opens at most, and one more to listen."""
    database_connect_seconds: int = Field(default=3, ge=1, le=60)
    """How long PostgreSQL may take to accept a connection, each host anew."""
    database_statement_seconds: int = Field(default=15, ge=1, le=3600)
    """How long one statement may run in PostgreSQL."""
    database_lock_seconds: int = Field(default=5, ge=1, le=600)
    """How long one waits in PostgreSQL for a lock, and for a free connection."""
    database_idle_seconds: int = Field(default=30, ge=1, le=3600)
    """After how long PostgreSQL ends a transaction that was begun and does nothing."""

    backup_keep: int = Field(default=7, ge=0, le=366)
    """How many daily backups of the SQLite file are kept in `DATA_DIR/backups`; `0` makes none."""

    log_format: Literal["plain", "json"] = "plain"
    """`plain` for people at a terminal, `json` for programs that collect logs."""
    metrics_token: SecretStr | None = None
    """With one, Prometheus may read `/metrics` by `Authorization: Bearer TOKEN`; without, it is
    not there."""
    metrics_token_file: Path | None = None

    healthcheck_url: SecretStr | None = None
    """What is asked for every five minutes while all is well, and with `/fail` while something is
    wrong, as [Healthchecks](https://healthchecks.io) has it: who watches there hears of silence."""
    healthcheck_url_file: Path | None = None

    host: str = "127.0.0.1"
    """Where it listens: `0.0.0.0` for every address of the machine."""
    port: int = Field(default=8080, ge=1, le=65535)
    """The port at which it listens."""
    base_url: Annotated[str, AfterValidator(web_address)] = Field(
        default_factory=lambda checked: f"http://localhost:{checked['port']}"
    )
    """The address at which people reach it, with its path if it shares its host, as
    `https://home.example/mood`; with `https` the session cookie is kept to it."""

    role: Literal["all", "web", "worker"] = "all"
    """What this process does: `web` serves pages, `worker` closes years and sends mails, `all`
    both."""

    drain_seconds: float = Field(default=0, ge=0, le=300)
    """Behind a balancer that asks `/readyz`: for how long that is 503 before a stop begins; `2`
    fits deploy/haproxy.cfg."""

    secret_key: SecretStr | None = None
    """What signs cookies and links, 32 characters or more; several instances need the same."""
    secret_key_file: Path | None = None
    trusted_proxies: Annotated[tuple[Network, ...], BeforeValidator(networks), NoDecode] = ()
    """Whose `X-Forwarded-For` is believed: addresses or networks, as `127.0.0.1,172.16.0.0/12`."""

    registration: Literal["first", "invite", "open", "closed"] = "first"
    """Who may join: `first` (only the first person, who administers), `invite`, `open` or
    `closed`."""

    requests_per_second: int = Field(default=10, ge=1, le=100000)
    """How many pages, forms and sockets a second strangers of one address may ask for, ten times as
    many at once. Who is signed in is not counted, nor are files; a browser that somebody was signed
    in with before has a count of its own."""

    password_memory_kib: int = Field(default=65536, ge=8192, le=4194304)
    """What a password hash costs in memory (Argon2id); cheaper ones are renewed at the next
    sign-in."""
    password_passes: int = Field(default=3, ge=1, le=100)
    """How often a password hash goes over that memory."""
    password_lanes: int = Field(default=4, ge=1, le=64)
    """In how many lanes it does."""

    oidc_issuer: Annotated[str, AfterValidator(issuer)] | None = None
    """The address of an OpenID Connect provider that people may sign in with."""
    oidc_client_id: str | None = None
    """How the provider knows this app."""
    oidc_client_secret: SecretStr | None = None
    """What the provider gave this app to show."""
    oidc_client_secret_file: Path | None = None
    oidc_name: str = "your account"
    """What the button says: *Sign in with NAME*."""
    oidc_only: bool = False
    """`true`: no local passwords, straight to the provider."""

    smtp_host: Annotated[str, AfterValidator(mail_host)] | None = None
    """The mail server. Without one the app runs, finished years wait, and nothing of them is
    erased."""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    """The mail server's port."""
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    """`starttls`, `tls` (often port 465) or `none`."""
    smtp_username: str | None = None
    """The name to sign in to the mail server with."""
    smtp_password: SecretStr | None = None
    """The password to sign in to the mail server with."""
    smtp_password_file: Path | None = None
    smtp_hourly_limit: int | None = Field(default=None, ge=1)
    """How many mails the mail server takes from you in an hour; boards then wait for their turn."""
    mail_from: Annotated[str, AfterValidator(sender)] | None = None
    """Who the mails are from: `mood@example.org` or `Moodtracker <mood@example.org>`."""

    bounce_address: Annotated[str, AfterValidator(address_with_place)] | None = None
    """Where mails come back to that cannot be delivered, for `moodtracker bounce` to read:
    `bounce@example.org` takes `bounce+...@example.org`, `bounce-{}@example.org` what stands there.
    Without one they come back to MAIL_FROM."""

    year_end_mail_at: time = time(9)
    """Each person's own time on 1 January at which their board is mailed; `00:00` at once."""
    year_end_keep_days: int = Field(default=30, ge=0, le=90)
    """Days that a closed year is kept after its mail was taken, 0 to 90."""

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Read secrets from their files, and derive what was not given."""
        given = {name: _without_quotes(value) for name, value in given.items()}
        if given.get("secret_key") == "":
            raise ValueError("SECRET_KEY is empty: leave it out to have one made in DATA_DIR")
        filled = {name: value for name, value in given.items() if value not in ("", None)}
        for name in SECRETS:
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
        if self.smtp_username and not self.smtp_password:
            raise ValueError("SMTP_USERNAME needs SMTP_PASSWORD")
        for name, login in (
            ("SMTP_USERNAME", self.smtp_username),
            ("SMTP_PASSWORD", self.smtp_password and self.smtp_password.get_secret_value()),
        ):
            if login and any(letter < " " or letter == "\x7f" for letter in login):
                raise ValueError(f"{name} has a control character, such as a line break")
        if self.secret_key and can_be_guessed(self.secret_key.get_secret_value()):
            raise ValueError(
                f"SECRET_KEY needs {SHORTEST_SECRET_KEY} characters or more that nobody can guess"
            )
        if self.metrics_token and len(self.metrics_token) < _SHORTEST_METRICS_TOKEN:
            raise ValueError(
                f"METRICS_TOKEN needs {_SHORTEST_METRICS_TOKEN} characters or more that nobody "
                "can guess"
            )
        if self.healthcheck_url:
            address = urlsplit(self.healthcheck_url.get_secret_value())
            if address.scheme not in ("http", "https") or not address.hostname:
                raise ValueError("HEALTHCHECK_URL should be an address, as https://hc-ping.com/...")
        if self.oidc_issuer and not self.oidc_client_id:
            raise ValueError("OIDC_ISSUER needs OIDC_CLIENT_ID, as the provider knows this app")
        if self.oidc_only and not self.oidc_issuer:
            raise ValueError("OIDC_ONLY needs OIDC_ISSUER, or nobody could sign in")
        if self.year_end_mail_at.tzinfo:
            raise ValueError("YEAR_END_MAIL_AT is a local time such as 09:00, without a zone")
        return self

    @property
    def database_file(self) -> Path | None:
        """The file of the SQLite database, None on PostgreSQL."""
        if not self.database_url.startswith("sqlite:///"):
            return None
        return Path(self.database_url.removeprefix("sqlite:///").partition("?")[0])

    @property
    def database_limits(self) -> Limits:
        """What this process may take of PostgreSQL."""
        return Limits(
            connections=self.database_connections,
            connect=self.database_connect_seconds,
            statement=self.database_statement_seconds,
            lock=self.database_lock_seconds,
            idle=self.database_idle_seconds,
        )

    @property
    def backup_dir(self) -> Path:
        """Where the daily backups are kept."""
        return self.data_dir / "backups"

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
    def sub_path(self) -> str:
        """The path of the public address, below which everything is: '' or such as '/mood'."""
        return urlsplit(self.base_url).path

    @property
    def is_local(self) -> bool:
        """Whether it listens to its own machine alone."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

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
    present = {*os.environ, *in_file()}
    return sorted(name for name in present if name.startswith(PREFIX) and name not in known)


def in_file() -> set[str]:
    """The names that `.env` sets."""
    return set(dotenv_values(".env"))


def _without_quotes(value: Any) -> Any:
    """The value without the quotes around all of it, which `docker --env-file` keeps."""
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value


def _public(name: str) -> str:
    return PREFIX + name.upper()


def _read(setting: str, file: Path) -> str:
    try:
        content = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"{setting} names a file that cannot be read ({type(error).__name__})"
        ) from None
    if not content:
        raise ValueError(f"{setting} names a file that is empty")
    return content


def can_be_guessed(key: str) -> bool:
    """Whether a secret key is too short, or hardly more than one character again and again."""
    return len(key.strip()) < SHORTEST_SECRET_KEY or len(set(key)) < _FEWEST_CHARACTERS


def _in_words(item: Any) -> str:
    names = ", ".join(_public(str(part)) for part in item["loc"])
    return f"{names or 'Settings'}: {item['msg'].removeprefix('Value error, ')}"
