import subprocess
import sys

import argon2
import pytest
from argon2 import PasswordHasher, Type

from moodtracker.accounts import passwords

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def real_hash():
    """A hash as the app makes it, in a process where no test has made it cheaper."""
    made = subprocess.run(
        [
            sys.executable,
            "-c",
            "from moodtracker.accounts.passwords import hash_password as h; "
            f"print(h({PASSWORD!r}))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.strip()


def test_passwords_are_hashed_with_argon2id_in_at_least_64_mib(real_hash):
    parameters = argon2.extract_parameters(real_hash)
    assert parameters.type is Type.ID
    assert parameters.memory_cost >= 64 * 1024
    assert parameters.time_cost >= 3
    assert (parameters.salt_len, parameters.hash_len) >= (16, 32)


def test_a_hash_made_with_other_parameters_still_matches(real_hash):
    assert passwords.matches(PASSWORD, real_hash)
    assert not passwords.matches(PASSWORD + "r", real_hash)


@pytest.mark.parametrize(
    "password",
    [PASSWORD, "p" * 12, "p" * 256, "Grüße aus Köln", "رمزِ عبور من", "🙂" * 12, "nul\0" * 3],
)
def test_a_password_matches_its_own_hash_and_no_other(password):
    stored = passwords.hash_password(password)
    assert passwords.matches(password, stored)
    for other in ("", password[:-1], password + "x", password.swapcase() + " ", "x"):
        assert not passwords.matches(other, stored)


def test_what_comes_after_a_nul_counts():
    assert not passwords.matches("same\0 end of one", passwords.hash_password("same\0 other end"))


def test_the_same_password_is_hashed_differently_each_time():
    assert passwords.hash_password(PASSWORD) != passwords.hash_password(PASSWORD)


def test_the_password_is_not_in_its_hash():
    assert PASSWORD not in passwords.hash_password(PASSWORD)


@pytest.mark.parametrize("password", ["", PASSWORD, "nobody's password"])
def test_nothing_matches_where_nothing_is_stored(password):
    assert not passwords.matches(password, None)


def test_where_nothing_is_stored_a_password_is_hashed_all_the_same(monkeypatch):
    class Watched(PasswordHasher):
        seen = 0

        def verify(self, *args):
            self.seen += 1
            return super().verify(*args)

    watched = Watched(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", watched)
    passwords.matches(PASSWORD, None)
    assert watched.seen == 1


@pytest.mark.parametrize(
    "stored",
    [
        "nothing like a hash",
        "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
        "$argon2id$cut off",
        "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AAAA",
        "é",
        "",
    ],
)
def test_a_broken_stored_hash_matches_nothing(stored):
    assert not passwords.matches("nobody's password", stored)


def test_half_a_surrogate_pair_is_just_a_wrong_password():
    assert not passwords.matches("\ud83d" * 12, passwords.hash_password(PASSWORD))
