"""What the app believes of what a provider says; a real one is in tests/pages/test_provider.py."""

import asyncio
import time
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from moodtracker import clock, settings
from moodtracker.accounts.attempt import Attempt, Attempts
from moodtracker.accounts.identity import (
    AttemptOver,
    NotBelieved,
    ProviderDown,
    ProviderRefused,
)
from moodtracker.accounts.provider import Provider
from moodtracker.secret import Secret
from support.forging_provider import CLIENT_SECRET, forging_provider, rsa_key
from support.loops import run
from support.waiting import await_that

APP = "https://home.example/mood"


@pytest.fixture
def forger():
    with forging_provider() as provider:
        yield provider


def provider_of(forger, **more):
    given = {name.lower(): value for name, value in forger.settings.items()}
    return Provider.of(settings.load(base_url=APP, **(given | more)))


def identify(forger, *, attempt=None, answer=None, provider=None):
    attempt = attempt or Attempt()
    forger.nonce = attempt.nonce
    provider = provider or provider_of(forger)
    return run(provider.identify(attempt, answer or {"code": "anything"}))


def test_who_signed_in_is_told_by_the_id_token_and_userinfo(forger):
    forger.userinfo = {"preferred_username": "ada", "given_name": "Ada", "family_name": "Lovelace"}
    ada = identify(forger)
    assert (ada.issuer, ada.subject, ada.email) == (forger.issuer, "ada", "ada@example.org")
    assert (ada.username, ada.first_name, ada.last_name) == ("ada", "Ada", "Lovelace")
    assert ada.id_token.count(".") == 2


def test_people_are_sent_off_with_state_nonce_and_pkce_and_back_to_the_public_address(forger):
    attempt = Attempt()
    address = run(provider_of(forger).address_to_sign_in(attempt))
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert address.startswith(f"{forger.issuer}/auth?")
    assert query["redirect_uri"] == "https://home.example/mood/login/provider/back"
    assert query["state"] == attempt.state
    assert query["nonce"] == attempt.nonce
    assert query["code_challenge_method"] == "S256"
    assert attempt.verifier not in address
    assert query["response_type"] == "code"
    assert set(query["scope"].split()) == {"openid", "email", "profile"}
    assert "prompt" not in query


def test_a_fresh_proof_is_asked_for_as_such(forger):
    address = run(provider_of(forger).address_to_sign_in(Attempt(purpose="confirm")))
    assert "prompt=login" in address
    assert "max_age=0" in address


HOUR = 3600
FORGED = {
    "wrong nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "wrong audience": {"aud": "another-app"},
    "wrong audience, by way of us": {"aud": "another-app", "azp": "moodtracker"},
    "several audiences, meant for another": {"aud": ["moodtracker", "x"], "azp": "x"},
    "wrong issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "expired": {"exp": int(time.time()) - HOUR},
    "no expiry": {"exp": None},
    "from the future": {"iat": int(time.time()) + 2 * HOUR, "exp": int(time.time()) + 3 * HOUR},
    "not yet valid": {"nbf": int(time.time()) + HOUR},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is no text": {"sub": 7},
    "another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    "a subject with NUL": {"sub": "a\0b"},
    "a subject with half a character": {"sub": "\ud800a"},
    "a session with NUL": {"sid": "a\0b"},
    "a nonce with half a character": {"nonce": "\ud800"},
    "signed in after all time": {"auth_time": float("inf")},
    "signed in at no time": {"auth_time": float("nan")},
    "signed in in 1e300": {"auth_time": 1e300},
    "good until the year 33658": {"exp": 10**12},
    "good for ever": {"exp": 10**20},
    "made before all time": {"iat": -(10**20)},
    "made in a thousand million years": {"iat": 10**17},
}


@pytest.mark.parametrize("claims", FORGED.values(), ids=FORGED)
def test_a_forged_claim_is_not_believed(forger, claims):
    forger.claims = claims
    with pytest.raises(NotBelieved):
        identify(forger)


def test_a_token_without_a_signature_is_not_believed(forger):
    forger.header, forger.signing_key = {"alg": "none"}, b""
    with pytest.raises(NotBelieved):
        identify(forger)


def test_a_token_signed_with_the_client_secret_or_the_public_key_is_not_believed(forger):
    forger.header = {"alg": "HS256", "kid": "first"}
    for secret in (CLIENT_SECRET.encode(), forger.key.as_pem(private=False)):
        forger.signing_key = secret
        with pytest.raises(NotBelieved):
            identify(forger)


def test_a_token_signed_with_another_key_is_not_believed(forger):
    forger.signing_key = rsa_key("first", 2)
    with pytest.raises(NotBelieved):
        identify(forger)


def test_userinfo_that_speaks_of_somebody_else_is_not_believed(forger):
    forger.userinfo = {"sub": "eve"}
    with pytest.raises(NotBelieved):
        identify(forger)


def test_an_answer_that_names_another_issuer_is_not_believed(forger):
    with pytest.raises(NotBelieved):
        identify(forger, answer={"code": "anything", "iss": "https://evil.example"})


def test_a_new_key_of_the_provider_is_taken_when_it_first_signs(forger, moved_clock):
    moved_clock.moment = clock.datetime.now(clock.UTC)
    provider, attempt = provider_of(forger), Attempt()

    async def twice():
        forger.nonce = attempt.nonce
        await provider.identify(attempt, {"code": "anything"})
        forger.key = forger.signing_key = rsa_key("second")
        forger.header = {"alg": "RS256", "kid": "second"}
        moved_clock.moment += clock.timedelta(minutes=1)
        return await provider.identify(attempt, {"code": "anything"})

    assert run(twice()).subject == "ada"
    assert forger.asked.count("/jwks") == 2
    assert forger.asked.count("/.well-known/openid-configuration") == 1


def test_tokens_with_unknown_keys_do_not_make_the_app_ask_for_keys_each_time(forger):
    provider, attempt = provider_of(forger), Attempt()
    forger.header = {"alg": "RS256", "kid": "unknown"}

    async def five():
        forger.nonce = attempt.nonce
        for _ in range(5):
            with pytest.raises(NotBelieved):
                await provider.identify(attempt, {"code": "anything"})

    run(five())
    assert forger.asked.count("/jwks") == 1


def test_only_an_address_that_the_provider_vouches_for_counts_as_verified(forger):
    for said in (False, None, "false", 0, 1, "yes", [True]):
        forger.userinfo = {"email_verified": said}
        ada = identify(forger)
        assert ada.email is None
        assert ada.claimed_email == "ada@example.org"
    forger.userinfo = {"email_verified": "true", "email": "Ada@EXAMPLE.org"}
    assert identify(forger).email == "ada@example.org"


@pytest.mark.parametrize("email", ["", "no address", 7, ["ada@example.org"], "x" * 1000])
def test_what_is_no_address_is_none(forger, email):
    forger.userinfo = {"email": email}
    assert identify(forger).email is None


@pytest.mark.parametrize("said", ["A\0da", "\ud800", "x" * 501, 7])
@pytest.mark.parametrize(
    "name", ["email", "preferred_username", "given_name", "family_name", "name", "zoneinfo"]
)
@pytest.mark.parametrize("by", ["claims", "userinfo"])
def test_what_somebody_is_called_counts_only_where_it_can_be_kept(forger, name, said, by):
    setattr(forger, by, {"email": "a@example.org", name: said})
    ada = identify(forger)
    told = (ada.email, ada.username, ada.first_name, ada.last_name, ada.zone)
    assert not [word for word in told if word and word != "a@example.org"]


def test_a_refusal_is_told_by_its_code(forger):
    with pytest.raises(ProviderRefused) as refused:
        identify(forger, answer={"error": "access_denied"})
    assert refused.value.code == "access_denied"


def test_a_code_that_was_used_already_ends_the_attempt(forger):
    forger.token_answer = {"error": "invalid_grant"}
    with pytest.raises(AttemptOver):
        identify(forger)


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "http://another.example"},
        {"issuer": None},
        {"token_endpoint": None},
        {"jwks_uri": ["http://127.0.0.1/"]},
        {"jwks_uri": "no address"},
        {"token_endpoint": "http://127.0.0.1:9/closed"},
        {"userinfo_endpoint": "http://127.0.0.1:9/closed"},
    ],
)
def test_a_provider_that_is_not_set_up_well_is_down(forger, discovery):
    forger.discovery = discovery
    with pytest.raises(ProviderDown):
        identify(forger)


@pytest.mark.parametrize("answer", [{"error": "invalid_client"}, {"access_token": 1}, {"a": 1}])
def test_a_token_answer_without_an_id_token_signs_nobody_in(forger, answer):
    forger.token_answer = answer
    with pytest.raises((ProviderDown, NotBelieved)):
        identify(forger)


def test_a_provider_that_hangs_is_asked_once_for_all_who_wait_and_the_loop_goes_on(
    forger, monkeypatch
):
    monkeypatch.setattr("moodtracker.accounts.provider._CALL_SECONDS", 0.7)
    forger.delay = 1.4
    provider = provider_of(forger)

    async def many():
        waiting = [asyncio.create_task(provider.address_to_sign_in(Attempt())) for _ in range(20)]
        turns = 0
        while not all(task.done() for task in waiting):
            await asyncio.sleep(0.01)
            turns += 1
        return turns, await asyncio.gather(*waiting, return_exceptions=True)

    turns, answers = run(many())
    assert all(isinstance(answer, ProviderDown) for answer in answers)
    await_that(lambda: forger.asked)
    assert forger.asked.count("/.well-known/openid-configuration") == 1
    assert turns > 5


def test_what_was_discovered_holds_for_a_while_after_the_provider_went_down(forger, moved_clock):
    provider = provider_of(forger)

    async def over_a_day():
        first = await provider.address_to_sign_in(Attempt())
        forger.discovery = {"issuer": "broken"}
        moved_clock.moment += clock.timedelta(hours=2)
        later = await provider.address_to_sign_in(Attempt())
        moved_clock.moment += clock.timedelta(days=1)
        with pytest.raises(ProviderDown):
            await provider.address_to_sign_in(Attempt())
        return first, later

    assert all(address.startswith(forger.issuer) for address in run(over_a_day()))


def test_signing_out_at_the_provider_leads_back_to_the_page_that_says_so(forger):
    forger.discovery = {"end_session_endpoint": f"{forger.issuer}/end"}
    address = run(provider_of(forger).address_to_sign_out("an.id.token"))
    query = parse_qs(urlsplit(address).query)
    assert query["id_token_hint"] == ["an.id.token"]
    assert query["post_logout_redirect_uri"] == [f"{APP}/signed-out"]


def test_without_a_place_to_sign_out_or_a_provider_nobody_is_sent_there(forger):
    assert run(provider_of(forger).address_to_sign_out("a.b.c")) is None
    forger.discovery = {"issuer": "broken"}
    assert run(provider_of(forger).address_to_sign_out("a.b.c")) is None


SIGNED_OUT = {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}}


def ended(forger, **claims):
    forger.claims = {"nonce": None, "sid": "there", "jti": "told", **SIGNED_OUT} | claims
    return run(provider_of(forger).ended(forger.id_token()))


def test_the_provider_tells_whom_it_has_signed_out(forger):
    for said, subject, sid in (
        ({}, "ada", "there"),
        ({"sid": None}, "ada", ""),
        ({"sub": None}, "", "there"),
    ):
        told = ended(forger, **said)
        assert (told.issuer, told.subject, told.sid) == (forger.issuer, subject, sid)
        assert told.token == "told"
        assert told.over > clock.now()


@pytest.mark.parametrize(
    "claims",
    [
        {"events": None},
        {"events": {}},
        {"events": "http://schemas.openid.net/event/backchannel-logout"},
        {"nonce": "so it is an ID token"},
        {"aud": "another-app"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"iat": None},
        {"sub": None, "sid": None},
        {"sub": 7},
        {"sid": 7},
        {"jti": None},
        {"jti": "a\0b"},
        {"jti": "\udfff"},
        {"sub": "\ud800"},
        {"sub": "a\0b"},
        {"sub": None, "sid": "\ud800"},
        {"exp": 10**12},
        {"exp": 10**20},
        {"exp": float("inf")},
        {"nbf": float("nan")},
    ],
    ids=str,
)
def test_a_forged_sign_out_is_not_believed(forger, claims):
    with pytest.raises(NotBelieved):
        ended(forger, **claims)


def test_a_sign_out_that_is_not_signed_by_the_provider_is_not_believed(forger):
    for key in (b"", CLIENT_SECRET.encode(), rsa_key("first", 2)):
        forger.signing_key = key
        forger.header = {"alg": "RS256" if not isinstance(key, bytes) else "HS256", "kid": "first"}
        with pytest.raises(NotBelieved):
            ended(forger)


def test_an_attempt_comes_back_as_it_set_out_and_only_by_its_own_state(moved_clock):
    attempts, attempt = Attempts(Secret("x" * 32)), Attempt(next="/settings", user_id=7)
    sealed = attempts.seal(attempt)
    assert Attempts(Secret("x" * 32)).open(sealed, attempt.state) == attempt
    for wrong_ticket, state in [
        (sealed, Attempt().state),
        (sealed, ""),
        (sealed[:-1], attempt.state),
        (None, attempt.state),
        ("", ""),
        (Attempts(Secret("y" * 32)).seal(attempt), attempt.state),
    ]:
        with pytest.raises(AttemptOver):
            attempts.open(wrong_ticket, state)
    moved_clock.moment += clock.timedelta(minutes=21)
    with pytest.raises(AttemptOver):
        attempts.open(sealed, attempt.state)


def test_no_two_attempts_are_alike():
    first, second = Attempt(), Attempt()
    assert first != replace(second)
    assert len({first.state, first.nonce, first.verifier, second.state}) == 4
