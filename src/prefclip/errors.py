"""The base of every error that a user can cause."""


class PrefclipError(Exception):
    """One clear sentence: it names the file, key or rule, says what is allowed and how to mend it.

    The command line prints it without a traceback and ends with exit code 1.
    """
