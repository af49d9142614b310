"""The mails about an account: what each says, decided at the moment at which it is sent.

A link's token is made with its mail, so that nothing that waits to be sent is a secret.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from moodtracker.accounts import links, people
from moodtracker.accounts.links import Purpose
from moodtracker.accounts.people import Person
from moodtracker.database import Database
from moodtracker.days import zone_of
from moodtracker.language import day_and_time, speaking, spoken
from moodtracker.language import gettext as _
from moodtracker.mail import mime
from moodtracker.mail.letter import Asked, Envelope, Letter, Write
from moodtracker.mail.message import Names, begin, in_one_line, render
from moodtracker.mail.post import Kind
from moodtracker.mail.smtp import ascii_address


@dataclass(frozen=True, slots=True)
class Words:
    """What a mail says: a subject, a heading, paragraphs, perhaps a link, and small print."""

    subject: str
    heading: str
    paragraphs: tuple[str, ...]
    small_print: str
    link: tuple[str, str] | None = None  # what it says, and where it leads
    language: str = field(default_factory=spoken)


class AccountMails:
    """Writes them; :meth:`writers` is what the outbox asks."""

    def __init__(self, database: Database, envelope: Envelope) -> None:
        """Read who people are from ``database`` and write in the name of ``envelope``."""
        self._database = database
        self._envelope = envelope
        self._makers: dict[str, Callable[[Session, Asked], tuple[str, str, Words] | None]] = {
            Kind.JOIN: self._verification,
            Kind.VERIFY: self._verification,
            Kind.RESET: self._reset,
            Kind.ADDRESS_CHANGED: self._address_changed,
            Kind.PASSWORD_CHANGED: self._password_changed,
        }

    def writers(self) -> dict[str, Write]:
        """Who writes each kind of mail."""
        return dict.fromkeys(self._makers, self.write)

    def write(self, asked: Asked) -> Letter | None:
        """The mail that was asked for; None where there is nothing to send (any more)."""
        with self._database.write() as session:
            made = self._makers[asked.kind](session, asked)
        if made is None:
            return None
        name, email, words = made
        return letter(self._envelope, asked, name, email, words)

    def _verification(self, session: Session, asked: Asked) -> tuple[str, str, Words] | None:
        person = people.active(session, asked.user_id)
        if person is None or person.mail_address == asked.email:
            return None
        owner = people.who_verified(session, asked.email)
        if owner is not None:
            with speaking(owner.language):
                return owner.first_name, asked.email, self._already_here(owner)
        with speaking(person.language):
            link = self._link(session, "verify", person, asked.email)
            words = _welcome if asked.kind == Kind.JOIN else _new_address
            # Who asks may be a stranger to the address: nothing that they typed goes along.
            return "", asked.email, words(link)

    def _already_here(self, owner: Person) -> Words:
        return Words(
            subject=_("You already have an account"),
            heading=_("This address is yours already"),
            paragraphs=(
                _(
                    "Somebody, perhaps you, gave this address for another account. It belongs to "
                    "your account {username}, and stays there: nothing was changed."
                ).format(username=owner.username),
                _(
                    "If it was you, sign in as {username}; you can choose a new password there."
                ).format(username=owner.username),
            ),
            link=(_("Sign in"), f"{self._envelope.base_url}/login"),
            small_print=_("If it was not you, there is nothing that you have to do."),
        )

    def _reset(self, session: Session, asked: Asked) -> tuple[str, str, Words] | None:
        known = None if asked.user_id else people.named(session, asked.email)
        person = people.active(session, known.id if known else asked.user_id)
        if person is None or person.mail_address is None:
            return None
        with speaking(person.language):
            link = self._link(session, "reset", person, person.mail_address)
            return person.first_name, person.mail_address, _new_password(person, link)

    def _address_changed(self, session: Session, asked: Asked) -> tuple[str, str, Words] | None:
        person = people.by_id(session, asked.user_id)
        if person is None:
            return None
        with speaking(person.language):
            return asked.name, asked.email, self._other_address(person)

    def _other_address(self, person: Person) -> Words:
        return Words(
            subject=_("Your address was changed"),
            heading=_("Your account has another address"),
            paragraphs=(
                _(
                    "The account {username} has a new mail address. From now on mails are sent "
                    "there, and no longer here."
                ).format(username=person.username),
            ),
            small_print=_(
                "If it was not you, somebody else uses your account: please tell whoever runs "
                "{base_url} at once."
            ).format(base_url=self._envelope.base_url),
        )

    def _password_changed(self, session: Session, asked: Asked) -> tuple[str, str, Words] | None:
        person = people.by_id(session, asked.user_id)
        if person is None or person.mail_address is None:
            return None
        with speaking(person.language):
            when = day_and_time(asked.created_at.astimezone(zone_of(person.zone)))
            words = Words(
                subject=_("Your password was changed"),
                heading=_("Your password was changed"),
                paragraphs=(
                    _(
                        "The account {username} has a new password since {moment}. Wherever else "
                        "you were signed in, you are signed out."
                    ).format(username=person.username, moment=when),
                ),
                link=(_("It was not me"), f"{self._envelope.base_url}/forgot"),
                small_print=_("If it was you, there is nothing that you have to do."),
            )
            return person.first_name, person.mail_address, words

    def _link(self, session: Session, purpose: Purpose, person: Person, email: str) -> str:
        token = links.make(session, purpose, person.id, email)
        return f"{self._envelope.base_url}/{purpose}?{urlencode({'token': token})}"


def letter(envelope: Envelope, asked: Asked, name: str, email: str, words: Words) -> Letter:
    """A mail of a few paragraphs, as text and as HTML."""
    address = ascii_address(email)
    message_id = f"<{asked.message_id}@{envelope.domain}>"
    message = begin(
        name=name,
        address=address,
        sender=envelope.sender,
        subject=words.subject,
        message_id=message_id,
        date=asked.date,
    )
    told = {"words": words, "paragraphs": list(map(in_one_line, words.paragraphs))}
    with speaking(words.language):
        plain, html = render("letter.txt", told), render("letter.html", told)
    message.set_content(plain, cte="quoted-printable")
    message.make_alternative(Names(message_id).boundary("alternative"))
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return Letter(address, mime.finished(message))


def _welcome(link: str) -> Words:
    return Words(
        subject=_("Please confirm your address"),
        heading=_("Welcome"),
        paragraphs=(
            _(
                "Somebody, hopefully you, made an account with this address. If it was you, please "
                "confirm it: only then can your finished year be mailed to you, and a forgotten "
                "password be replaced."
            ),
        ),
        link=(_("Confirm this address"), link),
        small_print=_(
            "The link works once, for 7 days. If you did not make this account, please ignore "
            "this mail: nothing more is sent to you."
        ),
    )


def _new_address(link: str) -> Words:
    return Words(
        subject=_("Please confirm your new address"),
        heading=_("Is this your address?"),
        paragraphs=(
            _(
                "It becomes the address of your account as soon as you confirm it. Until then "
                "everything stays as it is."
            ),
        ),
        link=(_("Confirm this address"), link),
        small_print=_(
            "The link works once, for 7 days. If you did not ask for this, please ignore this "
            "mail: nothing more is sent to you."
        ),
    )


def _new_password(person: Person, link: str) -> Words:
    return Words(
        subject=_("Choose a new password"),
        heading=_("{name}, choose a new password").format(name=person.first_name),
        paragraphs=(
            _(
                "Somebody, hopefully you, asked for a new password for the account {username}."
            ).format(username=person.username),
        ),
        link=(_("Choose a new password"), link),
        small_print=_(
            "The link works once, for 30 minutes. If it was not you, please ignore this mail: "
            "your password stays as it is."
        ),
    )
