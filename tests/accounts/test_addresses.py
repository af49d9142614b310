import pytest

from moodtracker.accounts import addresses, audit, links
from moodtracker.accounts.addresses import AddressTaken
from moodtracker.accounts.folding import fold_address
from moodtracker.accounts.links import LinkSpent
from moodtracker.accounts.people import find
from moodtracker.mail.post import Kind
from moodtracker.models import messages


def link_to(database, who, email):
    """The link that the mail to this address would carry."""
    with database.write() as session:
        return links.make(session, "verify", who.person.id, email)


def waiting_mails(database):
    with database.read() as session:
        return [
            (row.kind, row.email)
            for row in session.execute(messages.kind.table.select().order_by(messages.created_at))
        ]


def test_an_address_is_not_written_to_before_it_is_verified(join):
    who = join("ada", verified=False)
    assert who.person.email == "ada@example.org"
    assert who.person.mail_address is None


def test_following_the_link_verifies_the_address(database, join):
    who = join("ada", verified=False)
    addresses.verify(database, link_to(database, who, "ada@example.org"), "192.0.2.1")
    ada = find(database, "ada")
    assert ada.mail_address == "ada@example.org"
    assert audit.of(database, ada.id)[0].event == audit.Event.ADDRESS_VERIFIED
    assert waiting_mails(database) == []


def test_a_new_address_counts_from_the_moment_it_is_verified(database, join):
    who = join("ada")
    token = link_to(database, who, "new@example.org")
    assert find(database, "ada").mail_address == "ada@example.org"
    addresses.verify(database, token)
    assert find(database, "ada").mail_address == "new@example.org"


def test_the_old_address_is_told_of_the_new_one(database, join):
    who = join("ada")
    addresses.verify(database, link_to(database, who, "new@example.org"))
    assert waiting_mails(database) == [(Kind.ADDRESS_CHANGED, "ada@example.org")]


def test_an_old_address_that_was_never_verified_is_told_nothing(database, join):
    who = join("ada", verified=False)
    addresses.verify(database, link_to(database, who, "new@example.org"))
    assert waiting_mails(database) == []


def test_once_an_address_is_verified_links_to_others_are_worth_nothing(database, join):
    who = join("ada")
    first, second = (link_to(database, who, f"{n}@example.org") for n in "12")
    addresses.verify(database, second)
    with pytest.raises(LinkSpent):
        addresses.verify(database, first)


def test_an_address_that_another_account_has_verified_stays_theirs(database, join):
    join("ada")
    bob = join("bob", verified=False, email="ada@example.org")
    token = link_to(database, bob, "ada@example.org")
    with pytest.raises(AddressTaken):
        addresses.verify(database, token)
    assert find(database, "ada@example.org").username == "ada"
    assert find(database, "bob").mail_address is None


def test_whoever_verifies_an_address_has_it_even_if_others_claimed_it_before(database, join):
    join("squatter", verified=False, email="ada@example.org")
    assert find(database, "ada@example.org").username == "squatter"
    join("ada")
    assert find(database, "ada@example.org").username == "ada"


def test_a_later_claim_takes_an_address_from_nobody(database, join):
    join("ada", verified=False)
    join("mallory", verified=False, email="ada@example.org")
    assert find(database, "ada@example.org").username == "ada"


def test_what_is_still_to_be_verified_is_known(database, join):
    who = join("ada")
    assert addresses.waiting(database, who.person.id) is None
    with database.write() as session:
        addresses.ask_for_verification(session, who.person.id, "new@example.org")
    assert addresses.waiting(database, who.person.id) == "new@example.org"


def test_a_link_that_was_sent_and_not_followed_is_known(database, join):
    who = join("ada")
    link_to(database, who, "new@example.org")
    assert addresses.waiting(database, who.person.id) == "new@example.org"


def test_without_a_mail_server_an_address_is_noted_and_not_written_to(database, join):
    who = join("ada")
    with database.write() as session:
        addresses.claim(session, who.person.id, "new@example.org")
    ada = find(database, "ada")
    assert (ada.email, ada.mail_address) == ("new@example.org", None)


def test_the_link_of_somebody_who_left_is_worth_nothing(database, join):
    with database.write() as session:
        token = links.make(session, "verify", 4711, "gone@example.org")
    with pytest.raises(LinkSpent):
        addresses.verify(database, token)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Ada@STRASSE.example", "ada@strasse.example"),
        ("ada@straße.example", "ada@straße.example"),
        ("Groß@example.org", "groß@example.org"),
        ("ada@xn--strae-oqa.example", "ada@straße.example"),
        ("ÄDA@example.org", "äda@example.org"),
    ],
)
def test_no_letter_of_an_address_becomes_another(typed, stored):
    """Mail goes to what is stored: ß is not ss (IDNA 2008)."""
    assert fold_address(typed) == stored
