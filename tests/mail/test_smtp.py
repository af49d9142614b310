import hmac
import itertools
import ssl
from contextlib import suppress

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from moodtracker.mail.answers import Client
from moodtracker.mail.smtp import (
    MailRefused,
    RecipientRefused,
    ServerTrouble,
    Smtp,
    ascii_address,
    greeting,
)
from moodtracker.settings import load
from support.mail_server import MailServer
from support.server import WAIT_SECONDS, free_port
from support.websites import certificate_for_localhost

MESSAGE = b"From: mood@example.org\r\nTo: ada@example.org\r\nSubject: hello\r\n\r\nHello.\r\n"


@pytest.fixture
def smtp(mail_server):
    return Smtp(
        "127.0.0.1", mail_server.port, "none", timeout=WAIT_SECONDS, final_timeout=2 * WAIT_SECONDS
    )


@pytest.fixture
def impatient(mail_server):
    """The same, for a server that does not answer."""
    return Smtp("127.0.0.1", mail_server.port, "none", timeout=1, final_timeout=1)


def send(smtp, recipient="ada@example.org"):
    with smtp.connect() as connection:
        connection.send("mood@example.org", recipient, MESSAGE)


def test_a_mail_arrives_as_it_was_handed_over(smtp, mail_server):
    send(smtp)
    ((recipient, message),) = mail_server.taken
    assert recipient == "ada@example.org"
    assert message["Subject"] == "hello"


@pytest.mark.parametrize(
    ("reply", "for_good"),
    [
        ("550 5.1.1 unknown", True),
        ("550 no such user", True),
        ("553 5.1.3 bad address", True),
        ("452 4.2.2 full", False),
        ("450 busy", False),
    ],
)
def test_a_refused_recipient_is_that_persons_trouble(smtp, mail_server, reply, for_good):
    mail_server.behaviour.rcpt["ada@example.org"] = reply
    with pytest.raises(RecipientRefused, match=reply[4:]) as refusal:
        send(smtp)
    assert refusal.value.for_good is for_good


def test_a_mailbox_found_full_after_the_data_is_that_persons_trouble(smtp, mail_server):
    mail_server.behaviour.data = ["552 5.2.2 mailbox full"]
    with pytest.raises(RecipientRefused):
        send(smtp)


def test_nobody_listening_is_the_servers_trouble():
    with pytest.raises(ServerTrouble, match="refused"):
        send(Smtp("127.0.0.1", free_port(), "none"))


@pytest.mark.parametrize("stage", ["ehlo", "mail", "rcpt", "data"])
def test_a_server_that_hangs_is_given_up_in_words(impatient, mail_server, stage):
    mail_server.behaviour.hang_at = stage
    with pytest.raises(ServerTrouble, match=r"in time|timed out"):
        send(impatient)


@pytest.mark.parametrize("stage", ["connect", "ehlo", "mail", "rcpt", "content", "data"])
def test_a_server_that_drips_is_given_up_however_long_it_drips(impatient, mail_server, stage):
    mail_server.behaviour.drip_at = stage
    with pytest.raises(ServerTrouble, match="timed out"):
        send(impatient)


def test_a_server_whose_answer_has_no_end_is_given_up(smtp, mail_server):
    mail_server.behaviour.drip_at = "mail"
    mail_server.behaviour.drips = itertools.repeat(b"250-and more\r\n" * 1000)
    mail_server.behaviour.drip_seconds = 0
    with pytest.raises(ServerTrouble, match="no end"):
        send(smtp)


@pytest.mark.parametrize(
    ("stage", "reply"),
    [
        ("connect", "554 5.3.2 no mail today"),
        ("connect", "421 4.3.2 too busy"),
        ("ehlo", "550 5.7.1 who are you"),
    ],
)
def test_a_server_that_refuses_at_a_stage_is_the_servers_trouble(smtp, mail_server, stage, reply):
    mail_server.behaviour.refuse[stage] = reply
    with pytest.raises(ServerTrouble, match=reply[:3]):
        send(smtp)


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.7.1 not from here",
        "553 5.7.1 <mood@example.org>: Sender address rejected: not owned by user",
        "530 5.7.0 Must issue a STARTTLS command first",
        "530 5.7.0 Authentication Required",
        "451 4.7.0 later",
        "421 4.3.2 too busy",
        "452 4.3.1 Insufficient system storage",
        "550 5.1.8 <mood@example.org>: Sender address rejected: Domain not found",
        "552 5.7.0 Daily sending quota exceeded",
        "550 5.4.5 Daily user sending limit exceeded",
        "552 Too many messages today",
        "550 message rate too large",
    ],
)
@pytest.mark.parametrize("recipient", ["ada@example.org", "jürgen@example.org"])
def test_a_sender_that_is_refused_whatever_is_said_with_it_is_the_servers_trouble(
    smtp, mail_server, reply, recipient
):
    mail_server.behaviour.mail = reply
    with pytest.raises(ServerTrouble) as trouble:
        send(smtp, recipient)
    assert str(trouble.value) == reply


@pytest.mark.parametrize(
    ("option", "recipient", "reply"),
    [
        ("SIZE", "ada@example.org", "552 5.3.4 Message size exceeds fixed limit"),  # Postfix
        ("SIZE", "ada@example.org", "552 Message size exceeds maximum permitted"),  # Exim
        ("SIZE", "ada@example.org", "552 5.2.3 Your message exceeded Google's size limits"),
        ("SIZE", "ada@example.org", "554 message too large"),  # qmail
        ("SIZE", "ada@example.org", "452 4.3.1 Insufficient system storage"),
        ("SMTPUTF8", "jürgen@example.org", "555 5.5.4 Unsupported option: SMTPUTF8"),
        ("SMTPUTF8", "jürgen@example.org", "550 5.6.7 UTF-8 addresses are not permitted"),
        ("SMTPUTF8", "jürgen@example.org", "501 5.5.4 Invalid arguments"),
        ("BODY", "jürgen@example.org", "501 5.5.4 Invalid arguments"),
    ],
)
def test_an_option_that_is_refused_is_the_trouble_of_the_mail_that_needs_it(
    smtp, mail_server, option, recipient, reply
):
    mail_server.behaviour.mail_with[option] = reply
    with smtp.connect() as connection:
        with pytest.raises(MailRefused) as refusal:
            connection.send("mood@example.org", recipient, MESSAGE)
        assert str(refusal.value) == reply
        assert not refusal.value.for_good
        mail_server.behaviour.mail_with.clear()
        connection.send("mood@example.org", "bob@example.org", MESSAGE)
    assert mail_server.recipients() == ["bob@example.org"]


def test_a_sender_with_letters_beyond_ascii_needs_its_option_for_every_mail(smtp, mail_server):
    mail_server.behaviour.mail_with["SMTPUTF8"] = "555 5.5.4 Unsupported option: SMTPUTF8"
    with smtp.connect() as connection, pytest.raises(ServerTrouble, match="SMTPUTF8"):
        connection.send("möod@example.org", "ada@example.org", MESSAGE)


def test_encryption_that_is_asked_for_is_never_done_without(mail_server):
    with pytest.raises(ServerTrouble, match="STARTTLS"):
        send(Smtp("127.0.0.1", mail_server.port, "starttls"))
    with pytest.raises(ServerTrouble):
        send(Smtp("127.0.0.1", mail_server.port, "tls"))
    assert mail_server.taken == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_encrypted_connection_takes_a_certificate_that_is_trusted_and_no_other(
    tmp_path, monkeypatch, security
):
    certificate = certificate_for_localhost(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = MailServer(**{security: context}).start()
    smtp = Smtp("localhost", server.port, security)
    try:
        with pytest.raises(ServerTrouble, match="certificate"):
            send(smtp)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        send(smtp)
        assert server.recipients() == ["ada@example.org"]
        server.behaviour.drip_at = "mail"
        with pytest.raises(ServerTrouble, match="timed out"):
            send(Smtp("localhost", server.port, security, timeout=1))
    finally:
        server.stop()


def test_name_and_password_are_used_and_a_refusal_never_shows_them():
    seen = []

    def check(server, session, envelope, mechanism, data):
        seen.append(data)
        return AuthResult(success=data.password == b"right password", handled=False)

    controller = Controller(
        object(),
        hostname="127.0.0.1",
        port=free_port(),
        ready_timeout=WAIT_SECONDS,
        authenticator=check,
        auth_require_tls=False,
    )
    controller.start()
    try:
        port = controller.port
        good = Smtp("127.0.0.1", port, "none", username="mood", password="right password")
        with good.connect():
            pass
        assert seen[0].login == b"mood"
        wrong = Smtp("127.0.0.1", port, "none", username="mood", password="wrong password")
        with pytest.raises(ServerTrouble) as trouble, wrong.connect():
            pass
        assert "wrong password" not in str(trouble.value)
        assert str(trouble.value).startswith("535")
    finally:
        controller.stop()


def test_an_address_with_letters_beyond_ascii_needs_a_server_that_takes_them(smtp, mail_server):
    send(smtp, "ädä@example.org")
    assert mail_server.recipients() == ["ädä@example.org"]


def test_a_domain_beyond_ascii_is_written_as_xn():
    assert ascii_address("ada@bücher.example.org") == "ada@xn--bcher-kva.example.org"
    assert ascii_address("not an address") == "not an address"


def test_without_a_host_there_is_no_mail_server(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert Smtp.from_settings(load()) is None
    found = Smtp.from_settings(
        load(smtp_host="mail.example.org", mail_from="mood@example.org", smtp_security="tls")
    )
    assert isinstance(found, Smtp)


def test_a_server_without_8bitmime_takes_what_is_in_seven_bits(smtp, mail_server):
    mail_server.behaviour.without = ("8BITMIME", "SMTPUTF8", "SIZE 33554432")
    send(smtp)
    assert mail_server.recipients() == ["ada@example.org"]
    assert mail_server.options == []


def test_an_address_that_a_server_cannot_take_is_that_persons_trouble(smtp, mail_server):
    mail_server.behaviour.without = ("8BITMIME", "SMTPUTF8")
    with pytest.raises(RecipientRefused, match="RFC 6531") as refusal:
        send(smtp, "ädä@example.org")
    assert refusal.value.for_good
    assert mail_server.taken == []


def test_letters_beyond_ascii_are_announced(smtp, mail_server):
    send(smtp, "ädä@example.org")
    assert {"SMTPUTF8", "BODY=8BITMIME"} <= set(mail_server.options)


def test_a_refused_recipient_leaves_the_connection_for_the_next(smtp, mail_server):
    mail_server.behaviour.rcpt["ada@example.org"] = "550 5.1.1 unknown"
    with smtp.connect() as connection:
        with pytest.raises(RecipientRefused):
            connection.send("mood@example.org", "ada@example.org", MESSAGE)
        connection.send("mood@example.org", "bob@example.org", MESSAGE)
    assert mail_server.recipients() == ["bob@example.org"]


@pytest.mark.parametrize("ending", ["250 taken", "554 5.7.1 no", "354 what", ""])
def test_a_mail_leaves_the_connections_patience_as_it_was(smtp, mail_server, ending):
    mail_server.behaviour.data = [ending] if ending else []
    mail_server.behaviour.refuse = {} if ending else {"content": "451 4.3.0 later"}
    with smtp.connect() as connection:
        with suppress(MailRefused):
            connection.send("mood@example.org", "ada@example.org", MESSAGE)
        assert connection._client.sock.gettimeout() == WAIT_SECONDS


@pytest.mark.parametrize("without", [(), ("CRAM-MD5",), ("PLAIN",)])
@pytest.mark.parametrize("password", ["Größe über ÄÖÜ", "пароль", "pass word"])
def test_names_and_passwords_go_out_as_utf_8(password, without):
    """RFC 4616; LOGIN where the server offers no PLAIN."""
    seen = []

    def check(server, session, envelope, mechanism, data):
        seen.append((mechanism, data.login.decode(), data.password.decode()))
        return AuthResult(success=True)

    controller = Controller(
        object(),
        hostname="127.0.0.1",
        port=free_port(),
        ready_timeout=WAIT_SECONDS,
        authenticator=check,
        auth_require_tls=False,
        auth_exclude_mechanism=without,
    )
    controller.start()
    try:
        with Smtp(
            "127.0.0.1", controller.port, "none", username="jörg", password=password
        ).connect():
            pass
    finally:
        controller.stop()
    assert seen == [("LOGIN" if "PLAIN" in without else "PLAIN", "jörg", password)]


def test_cram_md5_takes_a_password_in_utf_8():
    client = Client()
    client.user, client.password = "jörg", "Größe"
    digest = hmac.new("Größe".encode(), b"<1@mail.example.org>", "md5").hexdigest()
    assert client.auth_cram_md5(b"<1@mail.example.org>") == f"jörg {digest}"


@pytest.mark.parametrize(
    ("our_name", "said"),
    [
        ("mood.example.org", "mood.example.org"),
        ("localhost", "[127.0.0.1]"),
        ("nas", "[127.0.0.1]"),
        ("192.168.1.5", "[127.0.0.1]"),
        ("2001:db8::1", "[127.0.0.1]"),
        ("münchen.example.org", "[127.0.0.1]"),
    ],
)
def test_we_greet_with_a_full_name_or_with_our_address_as_a_literal(mail_server, our_name, said):
    with Smtp("127.0.0.1", mail_server.port, "none", our_name=our_name).connect():
        pass
    assert mail_server.greeted_as == said


def test_an_address_of_ipv6_is_a_literal_too():
    assert greeting("localhost", "fe80::1%eth0") == "[IPv6:fe80::1]"


def test_whether_a_sender_is_taken_is_tried_at_rcpt_too_and_nothing_is_sent(smtp, mail_server):
    assert smtp.try_sender("mood@example.org") == ""
    mail_server.behaviour.rcpt["mood@example.org"] = "550 5.1.1 no such user"
    assert "no such user" in smtp.try_sender("mood@example.org")
    mail_server.behaviour.rcpt["mood@example.org"] = "450 4.2.0 greylisted"
    assert smtp.try_sender("mood@example.org") == ""
    mail_server.behaviour.rcpt["mood@example.org"] = (
        "550 5.1.0 <mood@example.org>: Sender address rejected: User unknown"
    )
    with pytest.raises(MailRefused, match="Sender address rejected"):
        smtp.try_sender("mood@example.org")
    mail_server.behaviour.rcpt["mood@example.org"] = "550 relay not permitted"
    with pytest.raises(MailRefused, match="relay"):
        smtp.try_sender("mood@example.org")
    assert mail_server.taken == []


def test_letters_that_cannot_be_sent_are_said_in_words_and_are_no_crash():
    smtp = Smtp("a" * 70 + ".example.org", 25, "none")
    with pytest.raises(ServerTrouble, match="cannot be s"), smtp.connect():
        pass


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("ada@straße.example", "ada@xn--strae-oqa.example"),
        ("groß@example.org", "groß@example.org"),
        ("ada@βόλος.example", "ada@xn--nxasmm1c.example"),
    ],
)
def test_no_letter_of_an_address_becomes_another(address, sent):
    """IDNA 2008 (RFC 5891): ß and final sigma are letters of their own."""
    assert ascii_address(address) == sent
