"""The base of every error that a user can cause, and what its sentence may propose."""

import difflib
from collections.abc import Iterable


class PrefclipError(Exception):
    """One clear sentence: it names the file, key or rule, says what is allowed and how to mend it.

    The command line prints it without a traceback and ends with exit code 1.
    """


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """Return ``did you mean 'dpo'?`` for the nearest of the allowed names, or nothing where none is near."""
    close = difflib.get_close_matches(name, list(allowed), n=1)
    return f"did you mean {close[0]!r}?" if close else ""
