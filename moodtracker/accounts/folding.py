"""Which names and addresses are one: the one place that says in which form they are compared.

What is stored, looked up and counted goes through here, so that an invisible character or a letter
of another width is nobody's second try, second mail or second name.
"""

import unicodedata

from moodtracker.mail_address import check_address

# Nothing is to be seen of these (Unicode's Default_Ignorable_Code_Point).
_UNSEEN = frozenset(
    chr(number)
    for first, last in (
        *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5)),
        *((0x180B, 0x180F), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F)),
        *((0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0)),
        *((0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
    )
    for number in range(first, last + 1)
)
# These turn the direction of what they stand in, which is to be seen: such a name is another one.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
LONGEST_LOGIN = 300  # of what is typed; more is cut off, or refused, before it costs anything
# Small letters of three alphabets that look like Latin ones in most fonts (Unicode TS 39).
_LATIN = "aeocpxysijhdqwlvk"
_CYRILLIC = "аеосрхуѕіјһԁԛԝӏѵк"
_GREEK = dict(zip("αορνικυτ", "aopvikut", strict=True))
_OF_CYRILLIC = dict(zip(_CYRILLIC, _LATIN, strict=True))
_AS_LATIN = str.maketrans(_OF_CYRILLIC | _GREEK | {"ı": "i", "ɡ": "g", "ɑ": "a"})
_AS_CYRILLIC = str.maketrans({latin: other for other, latin in _OF_CYRILLIC.items()})
_AS_GREEK = str.maketrans({latin: other for other, latin in _GREEK.items()})
# These are written together (Unicode TS 39, "Highly Restrictive").
_TOGETHER = (
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO"},
    {"LATIN", "CJK", "HANGUL"},
)
# Domains of one provider, at which one name is one mailbox (as each says in its help).
_SAME_DOMAIN = {
    "googlemail.com": "gmail.com",
    **dict.fromkeys(("me.com", "mac.com"), "icloud.com"),
    **dict.fromkeys(("pm.me", "protonmail.com", "protonmail.ch"), "proton.me"),
    **dict.fromkeys(("ya.ru", "yandex.com", "yandex.by", "yandex.kz"), "yandex.ru"),
}
# At these tag@ada.fastmail.com is ada@fastmail.com.
_NAMES_IN_DOMAINS = ("fastmail.com", "fastmail.fm", "sent.com", "messagingengine.com")
_LETTERS = {"Ll", "Lo", "Lu", "Lt"}
_OF_PHONETICS = "phonetics"  # letters of no language, which look like those of one


def is_unseen(character: str) -> bool:
    """Whether nothing is to be seen of it, wherever it stands."""
    return character in _UNSEEN


def fold(name: str) -> str:
    """The form in which usernames are stored and compared.

    Case folding and NFKC, as RFC 8265 (PRECIS, UsernameCaseMapped) has it, without what cannot be
    seen, so that two names that look the same are the same; folding it again changes nothing. NUL,
    which PostgreSQL refuses, becomes U+FFFD.
    """
    folded = _storable(name)
    for _ in range(4):  # a ß that becomes ss may let a mark join the second s
        before = folded
        folded = unicodedata.normalize("NFKC", _seen(unicodedata.normalize("NFD", folded)))
        folded = unicodedata.normalize("NFKC", folded.casefold()).strip()
        if folded == before:
            break
    return folded


def fold_address(address: str) -> str:
    """The stored form of an e-mail address: its letters small, its domain in Unicode (not xn--).

    Mail is sent to it, so that no letter becomes another: ß stays what it is, and so does a ς,
    as in domains (IDNA 2008). But a letter of another width is the same letter (NFKC).
    """
    text = unicodedata.normalize("NFKC", _storable(address)).strip()
    local, at, domain = (_valid(text) or _valid(_seen(text)) or text).rpartition("@")
    whole = _seen(local) + at + domain
    return "".join(small if len(small := letter.lower()) == 1 else letter for letter in whole)


def is_plain(address: str) -> bool:
    """Whether an address says of itself what :func:`fold_address` makes of it, but for its case.

    Who vouches for another one vouches for another mailbox.
    """
    local = address.rpartition("@")[0]
    return local == _seen(unicodedata.normalize("NFKC", local))


def named_by(login: str) -> str:
    """The one username, or the one address (with an @), that somebody means who types this."""
    login = login[:LONGEST_LOGIN]
    name = fold(login)
    return fold_address(login) if "@" in name else name


def counted_as(login: str) -> str:
    """Under what tries at a name or address are counted: all that means it, or looks like it."""
    return fold(named_by(login)).translate(_AS_LATIN)


def mailbox(address: str) -> str:
    """Under what mails to an address are counted: many of them lead to one mailbox.

    What follows a + is a tag of its owner's, and the largest provider of all ignores dots. Where a
    whole domain leads to one mailbox, nobody can tell by its name.
    """
    local, at, domain = counted_as(address).rpartition("@")
    domain = _SAME_DOMAIN.get(domain, domain)
    name, dot, above = domain.partition(".")
    if dot and above in _NAMES_IN_DOMAINS:
        local, domain = name, above
    return local.partition("+")[0].replace(".", "") + at + domain


def look_alikes(username: str) -> set[str]:
    """A folded username, and what looks the same in another alphabet."""
    latin = username.translate(_AS_LATIN)
    return {username, latin, latin.translate(_AS_CYRILLIC), latin.translate(_AS_GREEK)}


def mixes_alphabets(username: str) -> bool:
    """Whether its letters are of several alphabets that nobody writes together."""
    alphabets = {_alphabet(each) for each in username if unicodedata.category(each) in _LETTERS}
    is_usual = len(alphabets) < 2 or any(alphabets <= together for together in _TOGETHER)
    return _OF_PHONETICS in alphabets or not is_usual


def _alphabet(letter: str) -> str:
    """By the first word of its name in Unicode, which is its script's."""
    name = unicodedata.name(letter, "")
    if "SMALL CAPITAL" in name or "\u1d00" <= letter <= "\u1dbf":
        return _OF_PHONETICS
    return name.partition(" ")[0]


def _seen(text: str) -> str:
    return "".join(each for each in text if each in _TURNING or not is_unseen(each))


def _valid(address: str) -> str | None:
    try:
        return check_address(address).normalized
    except ValueError:
        return None


def _storable(text: str) -> str:
    return text.strip().replace("\0", "\ufffd").encode(errors="replace").decode()
