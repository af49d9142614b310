"""Finds the words that are to be translated in Python, in f-strings too (`make words`).

Babel's own extraction reads tokens, and an f-string was one token before Python 3.12.
"""

import ast
from collections.abc import Iterator
from typing import IO

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from support.server import ROOT

MAPPING = ROOT / "moodtracker" / "locales" / "mapping.cfg"
_FUNCTIONS = {"_": "gettext", "gettext": "gettext", "marked": "gettext", "ngettext": "ngettext"}


def extract(
    file: IO[bytes], *_asked: object, **_options: object
) -> Iterator[tuple[int, str, object, list[str]]]:
    """An extraction method of Babel's: line, function, message or messages, comments."""
    for node in ast.walk(ast.parse(file.read())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        function = _FUNCTIONS.get(node.func.id)
        texts = [
            each.value
            for each in node.args
            if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
        if function and texts:
            message = tuple(texts) if function == "ngettext" else texts[0]
            yield node.lineno, function, message, []


def in_the_code() -> Catalog:
    """All that stands in the code to be translated."""
    with MAPPING.open() as mapping:
        methods, options = parse_mapping_cfg(mapping)
    found = Catalog()
    for file, line, message, comments, context in extract_from_dir(ROOT, methods, options):
        found.add(message, None, [(file, line)], auto_comments=comments, context=context)
    return found


def catalogue(language: str) -> Catalog:
    """What a language has for it."""
    file = ROOT / "moodtracker" / "locales" / language / "LC_MESSAGES" / "moodtracker.po"
    with file.open("rb") as source:
        return read_po(source, locale=language)
