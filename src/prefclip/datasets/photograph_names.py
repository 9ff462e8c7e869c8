"""File names of photographs that say which object they show and which word is written on it."""

import re

FILE_NAME = re.compile(r"label=(?P<object>.+)_text=(?P<word>.+)\.(?:jpe?g|png)", re.IGNORECASE)
MADE_UP = ("ball", "cup", "chair", "bag", "lamp", "clock", "bottle", "plant")


def parse_file_name(name: str) -> tuple[str, str] | None:
    """Return object and written word of ``label=X_text=Y.jpg``; None for any other name.

    The whole suffix goes: cutting four characters would leave a dot after the word of a ``.jpeg`` file.
    """
    match = FILE_NAME.fullmatch(name)
    return (match["object"], match["word"]) if match else None


def made_up_pairs() -> list[tuple[str, str]]:
    """Return objects, each with words that mislead, for stand-ins of photographs."""
    return [(thing, word) for thing in MADE_UP for word in MADE_UP if thing != word][::4]
