"""What is an e-mail address: checked in one place, whoever typed it."""

from email_validator import EmailNotValidError, ValidatedEmail, validate_email


def check_address(address: str) -> ValidatedEmail:
    """Take it apart (RFC 5321, RFC 6531); raises EmailNotValidError, a ValueError, if it is none.

    An encoded word (RFC 2047) has an address's letters, and is one in no mail: whoever reads the
    header takes it for what it stands for.
    """
    if "=?" in address:
        raise EmailNotValidError("an encoded word is no address")
    return validate_email(address, check_deliverability=False)
