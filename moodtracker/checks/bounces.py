"""Where mails come back to: does the mail server let us send by such an address."""

from collections.abc import Iterator

from moodtracker.checks.finding import Finding
from moodtracker.mail.return_address import ReturnAddresses
from moodtracker.mail.smtp import MailRefused, ServerTrouble, Smtp
from moodtracker.secret import Secret
from moodtracker.settings import Settings

_SUBJECT = "bounces"
_SECONDS = 10


def look(config: Settings) -> Iterator[Finding]:
    """Whether mails can be sent by an address of BOUNCE_ADDRESS, where one is set."""
    smtp = Smtp.from_settings(config, timeout=_SECONDS)
    # Of nobody's mail, and so signed with no secret.
    sample = ReturnAddresses(Secret(""), config.bounce_address).of_nobody()
    if smtp is None or sample is None:
        return
    try:
        smtp.try_sender(sample)
    except (ServerTrouble, MailRefused) as trouble:
        yield Finding.fault(
            _SUBJECT,
            f"{config.smtp_host} does not take mails sent by {sample}: {trouble}.",
            "Set MOODTRACKER_BOUNCE_ADDRESS to an address that you may send by, or take it away.",
        )
        return
    yield Finding.ok(
        _SUBJECT,
        f"Mails come back to {sample} and the like. Try that one reaches `moodtracker bounce`.",
    )
