"""Joining: what a new person must give, and who may join."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from email_validator import EmailNotValidError
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, ValidationInfo
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from moodtracker import clock, days, language
from moodtracker.accounts import (
    administrators,
    audit,
    invitations,
    links,
    password_rules,
    passwords,
    sessions,
)
from moodtracker.accounts import setup_code as setup_codes
from moodtracker.accounts.audit import Event
from moodtracker.accounts.folding import (
    LONGEST_LOGIN,
    fold,
    fold_address,
    is_unseen,
    look_alikes,
    mixes_alphabets,
)
from moodtracker.accounts.identity import Identity, IdentityTaken
from moodtracker.accounts.linking import is_taken
from moodtracker.accounts.people import Person, by_id, person_from, select_person
from moodtracker.database import Database
from moodtracker.language import gettext as _
from moodtracker.mail import post
from moodtracker.mail_address import check_address
from moodtracker.models import UserRow, users

Policy = Literal["first", "invite", "open", "closed"]

LONGEST_NAME = 80
_NAMES = ("username", "email", "first_name", "last_name")  # which a password should not be made of
LONGEST_USERNAME = 40
# Of what cannot be seen these stay in names: Persian, Mongolian and emoji need them.
_JOINERS = frozenset("\u200c\u200d\u180b\u180c\u180d\u180f\ufe0e\ufe0f")
_TAGS = frozenset(map(chr, range(0xE0020, 0xE0080)))


class InvalidInput(Exception):  # noqa: N818 - it is an answer to a person, not a fault
    """What was given cannot be taken; ``messages`` holds a sentence for each field at fault."""

    def __init__(self, messages: Mapping[str, str]) -> None:
        """Keep one sentence for each field."""
        super().__init__("; ".join(messages))
        self.messages = dict(messages)


class RegistrationClosed(Exception):  # noqa: N818
    """Nobody (more) may join by themselves."""


def _no_hidden_characters(text: str, but: frozenset[str] = frozenset()) -> str:
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") or (
            is_unseen(character) and character not in but
        ):
            raise ValueError(
                _("This contains characters that cannot be seen. Please type it again.")
            )
    return text


def checked_name(text: str) -> str:
    """A name as it is stored; raises ValueError with a sentence for the person."""
    text = " ".join(_no_hidden_characters(text.strip(" "), _JOINERS | _TAGS).split())
    if len(text) > LONGEST_NAME:
        raise ValueError(_("At most {number} characters, please.").format(number=LONGEST_NAME))
    return text


def checked_first_name(text: str) -> str:
    """A name by which somebody can be called; raises ValueError with a sentence for the person."""
    text = checked_name(text)
    if all(map(is_unseen, text)):
        raise ValueError(_("What shall we call you?"))
    return text


def _username(text: str) -> str:
    text = fold(_no_hidden_characters(text[: LONGEST_LOGIN + 1]))
    if not 2 <= len(text) <= LONGEST_USERNAME:
        raise ValueError(
            _("Please choose between 2 and {number} characters.").format(number=LONGEST_USERNAME)
        )
    if not (text[0].isalnum() and all(map(_may_be_in_username, text))):
        raise ValueError(_("Letters, digits, dots, dashes and underscores only, please."))
    if mixes_alphabets(text):
        raise ValueError(_("Please take all letters from one alphabet."))
    return text


def _may_be_in_username(character: str) -> bool:
    is_mark = unicodedata.category(character).startswith("M")  # vowel signs, accents
    return character.isalnum() or character in "._-" or is_mark


def checked_email(text: str) -> str:
    """An e-mail address in the form in which it is stored; raises ValueError with a sentence."""
    try:
        text = text[: LONGEST_LOGIN + 1]  # no address is as long (RFC 5321)
        checked = check_address(_no_hidden_characters(text.strip(" ")))
    except EmailNotValidError:
        raise ValueError(_("This is not an e-mail address, such as ada@example.org.")) from None
    return fold_address(checked.normalized)


def _zone(text: str) -> str:
    if text not in days.zone_names():
        raise ValueError(_("Please choose your time zone from the list."))
    return text


def _password(text: str, form: ValidationInfo) -> str:
    names = (str(form.data.get(name, "")) for name in _NAMES)
    if refused := password_rules.refusal(text, names):
        raise ValueError(refused)
    return text


class NewPerson(BaseModel):
    """What a new person gives, checked and in the form in which it is stored.

    As it stands it is for who signs in with the identity provider, and needs no password.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)

    username: Annotated[str, AfterValidator(_username)]
    email: Annotated[str, AfterValidator(checked_email)]
    first_name: Annotated[str, AfterValidator(checked_first_name)]
    last_name: Annotated[str, AfterValidator(checked_name)] = ""
    zone: Annotated[str, AfterValidator(_zone)]

    @classmethod
    def check(cls, given: Mapping[str, str]) -> Self:
        """Check a form; raises :class:`InvalidInput` with a sentence for each wrong field."""
        try:
            return cls(**{name: given.get(name, "") for name in cls.model_fields})
        except ValidationError as error:
            raise InvalidInput(
                {str(e["loc"][0]): e["msg"].removeprefix("Value error, ") for e in error.errors()}
            ) from None


class Registration(NewPerson):
    """A new person who will sign in by password."""

    password: Annotated[str, AfterValidator(_password)]


@dataclass(frozen=True, slots=True)
class Brought:
    """What somebody who joins has been given: an invitation's token, the setup code; or neither."""

    invitation: str = ""
    setup_code: str = ""


_NOTHING = Brought()


def is_open(database: Database, policy: Policy, invitation: str = "") -> bool:
    """Whether somebody who comes now, perhaps with an invitation, may register."""
    if policy in ("open", "closed"):
        return policy == "open"
    with database.read() as session:
        if not administrators.is_founded(session):
            return True
        return policy == "invite" and invitations.is_good(session, invitation)


def register(
    database: Database,
    policy: Policy,
    new: NewPerson,
    identity: Identity | None = None,
    *,
    brought: Brought = _NOTHING,
    setup_code: str | None = None,
    address: str = "",
) -> Person:
    """Make the account; the very first person becomes the administrator.

    Which one is first is decided by a unique row, so that two who come at once cannot both be. To
    be it takes the ``setup_code``, where there is one. A link that verifies the address is sent.
    ``address`` is where this came from, for the audit log.

    Raises :class:`RegistrationClosed`,
    :class:`~moodtracker.accounts.invitations.InvitationSpent`, or :class:`InvalidInput` where the
    username is taken or the code is wrong. An address may be claimed by several until its owner
    verifies it, so that this tells of none.

    It is connected with ``identity``, who needs no password, and whose address counts as verified
    where the provider vouches for it. Raises :class:`~moodtracker.accounts.identity.IdentityTaken`.
    """
    password_hash = None
    if isinstance(new, Registration):
        password_hash = passwords.hash_password(new.password)

    def attempt() -> Person:
        with database.write() as session:
            is_first = _admit(session, policy, brought, setup_code)
            _refuse_taken(session, new, identity)
            row = _row(new, password_hash, administrator=is_first)
            if identity:
                _connect(row, identity)
            return _welcome(session, row, address)

    try:
        return attempt()
    except IntegrityError:
        try:
            return attempt()  # somebody took a name at the same moment: now it is known which
        except IntegrityError:
            raise InvalidInput({"username": _("This is already in use here.")}) from None


def add(database: Database, new: Registration, *, administrator: bool = False) -> Person:
    """Make an account for somebody, as the operator wishes, whoever may register.

    Nobody who registers afterwards is the first: from now on the operator says who administers.
    Raises :class:`InvalidInput` where the username is taken.
    """
    password_hash = passwords.hash_password(new.password)
    try:
        with database.write() as session:
            _refuse_taken(session, new)
            row = _row(new, password_hash, administrator=administrator)
            administrators.found(session)
            return _welcome(session, row, "")
    except IntegrityError:  # somebody took the name in the same moment
        raise InvalidInput({"username": _("This is already in use here.")}) from None


def _row(new: NewPerson, password_hash: str | None, *, administrator: bool) -> UserRow:
    return UserRow(
        **new.model_dump(exclude={"password"}),
        password_hash=password_hash,
        administrator=administrator,
        created_at=clock.now(),
        # A mail hears no browser: who joins in another language than English is written to in it.
        language="" if language.spoken() == language.ENGLISH else language.spoken(),
    )


def _welcome(session: Session, row: UserRow, address: str) -> Person:
    """Store the new person, note it, and have a link sent that verifies the address."""
    session.add(row)
    session.flush()
    person = person_from(session.execute(select_person().where(users.id == row.id)).one())
    audit.note(session, person.id, Event.JOINED, address=address)
    if person.email and person.mail_address is None:
        post.ask(session, post.Kind.JOIN, person.email, user_id=person.id, asked_from=address)
    return person


def set_password(database: Database, user_id: int, password: str, address: str = "") -> None:
    """Give a person a new password and end all their sessions; raises :class:`InvalidInput`."""
    with database.read() as session:
        person = by_id(session, user_id)
    refuse_weak(password, person)
    password_hash = passwords.hash_password(password)
    with database.write() as session:
        store_password(session, user_id, password_hash)
        sessions.end_all_in(session, user_id)
        audit.note(session, user_id, Event.PASSWORD_RESET, address=address)


def store_password(session: Session, user_id: int, password_hash: str) -> None:
    """Keep a password's hash, as a part of something greater; links to choose another are over."""
    session.execute(update(UserRow).where(users.id == user_id).values(password_hash=password_hash))
    links.drop(session, user_id, "reset")


def refuse_weak(password: str, person: Person | None) -> None:
    """Raise :class:`InvalidInput` where this cannot be the person's password."""
    names = (str(getattr(person, name) or "") for name in _NAMES if person)
    if refused := password_rules.refusal(password, names):
        raise InvalidInput({"password": refused})


def _admit(session: Session, policy: Policy, brought: Brought, setup_code: str | None) -> bool:
    """Whether it is the first person who comes, or another one who may; raises as registering."""
    if policy == "closed":
        raise RegistrationClosed
    is_shut = policy == "first" or (policy == "invite" and not brought.invitation)
    if not administrators.is_founded(session):
        if setup_code is None or setup_codes.matches(brought.setup_code, setup_code):
            if administrators.found(session):
                return True
        elif brought.setup_code:
            raise InvalidInput({"setup_code": _("That is not the code that stands in the log.")})
        elif is_shut:
            raise InvalidInput(
                {"setup_code": _("Please type the code that stands in the server's log.")}
            )
    if is_shut:
        raise RegistrationClosed
    if policy == "invite":
        invitations.use(session, brought.invitation)
    return False


def _connect(row: UserRow, identity: Identity) -> None:
    row.oidc_issuer, row.oidc_subject = identity.issuer, identity.subject
    if row.email == identity.email:
        row.email_verified_at = clock.now()


def _refuse_taken(session: Session, new: NewPerson, identity: Identity | None = None) -> None:
    alike = users.username.in_(look_alikes(new.username))
    if session.scalar(select(users.id).where(alike).limit(1)) is not None:
        raise InvalidInput({"username": _("This is already in use here.")})
    if identity and is_taken(session, identity):
        raise IdentityTaken
