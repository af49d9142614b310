import shutil
from datetime import timedelta

import pytest
from sqlalchemy import text

from moodtracker.accounts import (
    audit,
    invitations,
    people,
    registration,
    sessions,
    setup_code,
)
from moodtracker.accounts.invitations import InvitationSpent
from moodtracker.accounts.registration import (
    Brought,
    InvalidInput,
    Registration,
    RegistrationClosed,
)
from moodtracker.accounts.sessions import SignInRefused
from moodtracker.database import Database
from moodtracker.secret import Secret
from support.at_once import at_once
from support.signing_in import sign_in

PASSWORD = "correct horse battery staple"
ZWNJ, ZWJ, RLM, RLO = "\u200c", "\u200d", "\u200f", "\u202e"


def form(username="ada", **more):
    return {
        "username": username,
        "email": f"{username}@example.org",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "password": PASSWORD,
        "zone": "Europe/Berlin",
    } | more


def register(database, username="ada", policy="open", **more):
    return registration.register(database, policy, Registration.check(form(username, **more)))


def count(database):
    with database.read() as session:
        return session.scalar(text("SELECT count(*) FROM users"))


# Who may join


def test_the_first_person_administers_and_the_second_does_not(database):
    assert register(database, "ada").administrator
    assert not register(database, "bob").administrator
    assert [person.administrator for person in people.everyone(database)] == [True, False]


def test_where_only_the_first_may_join_a_second_is_refused(database):
    register(database, "ada", "first")
    with pytest.raises(RegistrationClosed):
        register(database, "bob", "first")
    assert count(database) == 1


def test_where_registration_is_closed_not_even_the_first_may_join(database):
    with pytest.raises(RegistrationClosed):
        register(database, "ada", "closed")
    assert count(database) == 0


def test_registration_is_open_to_whom_the_policy_says(database):
    assert [registration.is_open(database, policy) for policy in ("first", "open", "closed")] == [
        True,
        True,
        False,
    ]
    assert registration.is_open(database, "invite")  # the first person needs none
    register(database)
    assert not registration.is_open(database, "invite")
    assert [registration.is_open(database, policy) for policy in ("first", "open", "closed")] == [
        False,
        True,
        False,
    ]


@pytest.mark.parametrize("round_", range(3))
def test_two_who_come_first_at_the_same_moment_make_one_administrator(database, round_):
    people_ = at_once(lambda: register(database, "ada"), lambda: register(database, "bob"))
    assert sorted(person.administrator for person in people_) == [False, True]
    assert sum(person.administrator for person in people.everyone(database)) == 1


@pytest.mark.parametrize("round_", range(3))
def test_two_who_come_first_at_the_same_moment_make_one_account_where_one_may_join(
    database, round_
):
    results = at_once(
        lambda: register(database, "ada", "first"), lambda: register(database, "bob", "first")
    )
    assert sum(isinstance(result, RegistrationClosed) for result in results) == 1
    assert count(database) == 1


@pytest.mark.parametrize("round_", range(3))
def test_two_who_take_one_username_at_the_same_moment_make_one_account(database, round_):
    register(database, "zoe")
    results = at_once(
        lambda: register(database, "ada"),
        lambda: register(database, "ADA", email="other@example.org"),
    )
    (refused,) = (result for result in results if isinstance(result, InvalidInput))
    assert set(refused.messages) == {"username"}
    assert count(database) == 2


# Invitations and the setup code

CODE = "ABCD-EFGH-IJKL-MNOP"


def join_with(database, username="bob", policy="invite", **brought):
    return registration.register(
        database,
        policy,
        Registration.check(form(username)),
        brought=Brought(**brought),
        setup_code=CODE,
    )


def test_an_invitation_lets_one_person_join(database):
    register(database, "ada")
    token = invitations.make(database, None)
    assert registration.is_open(database, "invite", token)
    assert not join_with(database, invitation=token).administrator
    assert not registration.is_open(database, "invite", token)
    with pytest.raises(InvitationSpent):
        join_with(database, "eve", invitation=token)
    assert count(database) == 2


def test_an_invitation_that_several_use_at_once_lets_one_join(database):
    register(database, "ada")
    token = invitations.make(database, None)
    results = at_once(
        *(lambda n=n: join_with(database, f"guest{n}", invitation=token) for n in range(3))
    )
    assert sum(isinstance(result, InvitationSpent) for result in results) == 2
    assert count(database) == 2


def test_an_invitation_that_was_not_used_well_is_still_good(database):
    register(database, "ada")
    token = invitations.make(database, None)
    with pytest.raises(InvalidInput):
        join_with(database, "ada", invitation=token)
    assert join_with(database, "bob", invitation=token)


def test_an_invitation_ends_after_7_days_and_when_it_is_withdrawn(database, moved_clock):
    register(database, "ada")
    late, withdrawn = invitations.make(database, None), invitations.make(database, None)
    moved_clock.moment += invitations.LIFETIME - timedelta(seconds=1)
    assert registration.is_open(database, "invite", late)
    invitations.withdraw(database, invitations.waiting(database)[0].token_hash)
    invitations.withdraw(database, invitations.waiting(database)[0].token_hash)
    assert not registration.is_open(database, "invite", withdrawn)
    another = invitations.make(database, None)
    moved_clock.moment += invitations.LIFETIME
    for token in (late, withdrawn, another):
        with pytest.raises(InvitationSpent):
            join_with(database, invitation=token)
    invitations.forget_old(database)
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM invitations")) == 0


@pytest.mark.parametrize("token", ["", "x", "é", "x" * 10_000, "' OR 1", "\0", "\ud800"])
def test_a_forged_invitation_lets_nobody_in(database, token):
    register(database, "ada")
    invitations.make(database, None)
    with pytest.raises((InvitationSpent, RegistrationClosed)):
        join_with(database, invitation=token)
    assert count(database) == 1


@pytest.mark.parametrize("policy", ["first", "invite", "open"])
@pytest.mark.parametrize("typed", [CODE, "abcd efgh ijkl mnop", "abcdefghijklmnop"])
def test_the_first_person_shows_the_setup_code(database, policy, typed):
    assert join_with(database, policy=policy, setup_code=typed).administrator


@pytest.mark.parametrize("policy", ["first", "invite", "open"])
@pytest.mark.parametrize("typed", ["ABCD-EFGH-IJKL-MNOQ", "x", "é" * 16, CODE[:-1]])
def test_a_wrong_setup_code_is_said_at_its_field(database, policy, typed):
    with pytest.raises(InvalidInput) as refused:
        join_with(database, policy=policy, setup_code=typed)
    assert set(refused.value.messages) == {"setup_code"}
    assert count(database) == 0


@pytest.mark.parametrize("policy", ["first", "invite"])
def test_nobody_is_first_without_the_setup_code(database, policy):
    with pytest.raises(InvalidInput) as refused:
        join_with(database, policy=policy)
    assert set(refused.value.messages) == {"setup_code"}


def test_where_all_may_join_a_stranger_who_comes_first_does_not_administer(database):
    assert not join_with(database, "eve", "open").administrator
    assert join_with(database, "ada", "open", setup_code=CODE).administrator


def test_the_setup_code_makes_one_administrator(database):
    join_with(database, "ada", "open", setup_code=CODE)
    assert not join_with(database, "bob", "open", setup_code=CODE).administrator


def test_the_setup_code_is_the_same_on_every_instance_and_no_one_elses():
    codes = [setup_code.of(Secret(key)) for key in ("a" * 32, "a" * 32, "b" * 32)]
    assert codes[0] == codes[1] != codes[2]
    assert len(codes[0]) == 19


def test_whoever_joins_is_sent_a_link_that_verifies_the_address(database):
    ada = register(database, "ada")
    with database.read() as session:
        waiting = session.execute(text("SELECT user_id, kind, email FROM messages")).all()
    assert waiting == [(ada.id, "join", "ada@example.org")]
    assert audit.of(database, ada.id)[-1].event == audit.Event.JOINED


# What is taken


@pytest.mark.parametrize("again", ["jose\u0301", "JOSÉ", "José", " josé ", "ｊｏｓé"])
def test_a_username_is_taken_in_every_case_and_unicode_form(database, again):
    register(database, "josé", email="jose@example.org")
    with pytest.raises(InvalidInput) as refused:
        register(database, again, email="other@example.org")
    assert refused.value.messages == {"username": "This is already in use here."}
    assert count(database) == 1


def test_an_address_may_be_claimed_again_so_that_a_stranger_learns_of_none(database):
    register(database, "ada")
    register(database, "bob", email="ada@example.org")
    assert count(database) == 2


# What may be given


@pytest.fixture(scope="module")
def sqlite_database(sqlite_template, tmp_path_factory):
    """One that stays empty: what is refused before the database needs no second kind of it."""
    file = tmp_path_factory.mktemp("refused") / "moodtracker.db"
    shutil.copy(sqlite_template, file)
    opened = Database(f"sqlite:///{file}")
    yield opened
    opened.close()


def briefly(value):
    return ascii(value)[1:-1][:24]


TEXT_FIELDS = ["username", "email", "first_name", "last_name", "zone"]
HIDDEN = [
    "ada\0",
    "a\0da@example.org",
    "ada" + RLM,
    RLM + "ada@example.org",
    f"ada{RLO}gro.elpmaxe@",
    "ada\u2066x\u2069",
    "ada\ufeff",
    "ada\u200bx",
    "ada\nx",
    "ada\u2028x",
    "ada\x1b[31m",
    "ada\ud800x",
    "ada\ue000x",
]


@pytest.mark.parametrize("field", TEXT_FIELDS)
@pytest.mark.parametrize(
    "value", [*HIDDEN, "a" * 10_000, "b" * 10_000 + "@example.org"], ids=briefly
)
def test_hidden_characters_and_endless_text_are_refused_in_every_field(
    sqlite_database, field, value
):
    refuse(sqlite_database, field, value)


@pytest.mark.parametrize("field", ["username", "email", "first_name", "zone", "password"])
@pytest.mark.parametrize("value", ["", " ", " \t ", "\u3000", "\u00a0"])
def test_what_is_needed_cannot_be_left_blank(sqlite_database, field, value):
    refuse(sqlite_database, field, value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "a"),
        ("username", "a" * 41),
        ("username", "<script>alert(1)</script>"),
        ("username", "ada lovelace"),
        ("username", "ada@example.org"),
        ("username", "ada/../x"),
        ("username", ".ada"),
        ("username", "_ada"),
        ("username", "-ada"),
        ("username", "🙂🙂"),
        ("username", f"a{ZWJ}da"),
        ("username", "'; DROP TABLE users; --"),
        ("email", "<script>@example.org"),
        ("email", "ada@example.org\nBcc: eve@example.org"),
        ("email", "ada@example.org\r\n"),
        ("email", "=?utf-8?q?ada?=@example.org"),
        ("email", "=?utf-8?q?=0D=0ABcc=3Ae=40x=2Eorg?=@example.org"),
        ("email", "=?utf-8?b?YWRh?=@example.org"),
        ("email", "ada@@example.org"),
        ("email", "ada@eve@example.org"),
        ("email", "ada"),
        ("email", "ada@"),
        ("email", "@example.org"),
        ("email", "ada@example"),
        ("email", "ada@example..org"),
        ("email", "ada@[127.0.0.1]"),
        ("email", "Ada <ada@example.org>"),
        ("email", "ada@example.org, eve@example.org"),
        ("email", "a" * 250 + "@example.org"),
        ("first_name", "a" * 81),
        ("last_name", "a" * 81),
        ("zone", "Mars/Olympus_Mons"),
        ("zone", "europe/berlin"),
        ("zone", "Europe/Berlin "),
        ("zone", "../../etc/passwd"),
        ("zone", "/etc/localtime"),
        ("zone", "localtime"),
        ("zone", "posix/Europe/Berlin"),
        ("password", "p" * 11),
        ("password", "p" * 257),
        ("password", "p" * 10_000),
        ("password", "\ud83d" * 12),
    ],
)
def test_bad_input_is_answered_with_a_sentence_for_that_field_and_no_account(
    sqlite_database, field, value
):
    refuse(sqlite_database, field, value)


def refuse(database, field, value):
    with pytest.raises(InvalidInput) as refused:
        registration.register(database, "open", Registration.check(form() | {field: value}))
    assert set(refused.value.messages) == {field}
    (message,) = refused.value.messages.values()
    assert message.endswith((".", "?"))
    assert "Value error" not in message
    assert count(database) == 0


def test_every_wrong_field_is_named_at_once():
    with pytest.raises(InvalidInput) as refused:
        Registration.check({})
    assert set(refused.value.messages) == {"username", "email", "first_name", "password", "zone"}


@pytest.mark.parametrize("value", [None, 7, ["ada"], {"a": "b"}, True, b"ada"])
@pytest.mark.parametrize("field", [*TEXT_FIELDS, "password"])
def test_what_is_no_text_is_refused(field, value):
    with pytest.raises(InvalidInput) as refused:
        Registration.check(form() | {field: value})
    assert set(refused.value.messages) == {field}


def test_fields_that_nobody_asked_for_change_nothing(database):
    register(database, "ada")
    sneaky = form("bob") | {"administrator": "true", "founder": "true", "id": "1"}
    bob = registration.register(database, "open", Registration.check(sneaky))
    assert not bob.administrator


@pytest.mark.parametrize("length", [12, 256])
def test_a_password_of_12_to_256_characters_is_taken(database, length):
    password = ("tulips grow on mars, 7 of them! " * 8)[:length]
    register(database, password=password)
    assert sign_in(database, "ada", password)


@pytest.mark.parametrize(
    "name",
    [
        f"می{ZWNJ}خواهم",
        f"👩{ZWJ}🚀 Ada",
        "Jürgen Groß",
        "Nguyễn Thị Minh Khai",
        "ひらがな",
        "हिन्दी",
        "O'Brien-Smith",
        "<script>alert(1)</script>",
        "'; DROP TABLE users; --",
        "{{ 7 * 7 }}",
        "a" * 80,
    ],
)
def test_a_name_is_kept_as_it_was_given(database, name):
    register(database, first_name=name, last_name=name)
    with database.read() as session:
        assert session.execute(text("SELECT first_name, last_name FROM users")).one() == (
            name,
            name,
        )


def test_space_around_and_within_a_name_is_tidied():
    checked = Registration.check(form(first_name="  Ada   King ", last_name="  "))
    assert (checked.first_name, checked.last_name) == ("Ada King", "")


def test_a_first_name_of_joiners_alone_is_refused():
    with pytest.raises(InvalidInput):
        Registration.check(form(first_name=ZWNJ + ZWJ))


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("Ada", "ada"),
        ("  ada ", "ada"),
        ("ada.lovelace-1815_x", "ada.lovelace-1815_x"),
        ("Jürgen", "jürgen"),
        ("Ju\u0308rgen", "jürgen"),
        ("Straße", "strasse"),
        ("Ада", "ада"),
        ("ひらがな", "ひらがな"),
        ("7even", "7even"),
        ("हिन्दी", "हिन्दी"),
        ("İpek", "i̇pek"),
    ],
)
def test_a_username_is_stored_folded(given, stored):
    assert Registration.check(form() | {"username": given}).username == stored


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("Ada@Example.ORG", "ada@example.org"),
        ("ada+mood@example.org", "ada+mood@example.org"),
        ("o'brien@example.org", "o'brien@example.org"),
        ("jürgen@bücher.example.org", "jürgen@bücher.example.org"),
    ],
)
def test_an_address_is_stored_folded(given, stored):
    assert Registration.check(form() | {"email": given}).email == stored


# Passwords


def test_a_new_password_ends_every_session_and_replaces_the_old_one(database, join):
    ada, bob = join("ada"), join("bob")
    cookies = [sessions.open_session(database, ada.person.id) for _ in range(2)]
    bobs = sessions.open_session(database, bob.person.id)
    registration.set_password(database, ada.person.id, "a whole new sentence")
    assert [sessions.find(database, cookie) for cookie in cookies] == [None, None]
    assert sessions.find(database, bobs)
    with pytest.raises(SignInRefused):
        sign_in(database, "ada", PASSWORD)
    assert sign_in(database, "ada", "a whole new sentence")
    assert sign_in(database, "bob", PASSWORD)


@pytest.mark.parametrize("password", ["", "p" * 11, "p" * 257])
def test_a_bad_new_password_changes_nothing(database, join, password):
    ada = join("ada")
    cookie = sessions.open_session(database, ada.person.id)
    with pytest.raises(InvalidInput) as refused:
        registration.set_password(database, ada.person.id, password)
    assert set(refused.value.messages) == {"password"}
    assert sessions.find(database, cookie)
    assert sign_in(database, "ada", PASSWORD)


def test_a_new_password_with_half_a_surrogate_pair_is_refused(database, join):
    with pytest.raises(InvalidInput):
        registration.set_password(database, join("ada").person.id, "\ud83d" * 12)


@pytest.mark.parametrize("secret", ["hunter2", "hunter2" * 50])
def test_no_message_contains_the_password(secret):
    with pytest.raises(InvalidInput) as refused:
        Registration.check(form(password=secret, zone="nowhere"))
    told = f"{refused.value} {refused.value!r} {refused.value.messages}"
    assert "hunter2" not in told
    assert refused.value.__suppress_context__


def test_no_password_is_stored_as_it_was_given(database):
    register(database)
    with database.read() as session:
        stored = session.scalar(text("SELECT password_hash FROM users"))
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored
