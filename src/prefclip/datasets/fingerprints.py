"""One sha256 for many files."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from prefclip.files import sha256_of


def content_fingerprint(folder: str | Path, paths: Iterable[str]) -> str:
    """Return one sha256 for many files: that of the lines ``<sha256 of the file>  <path>``, sorted by path.

    ``export LC_ALL=C; sha256sum * | sort -k2 | sha256sum`` gives the same value.
    """
    lines = (f"{sha256_of(Path(folder) / path)}  {path}\n" for path in sorted(paths))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
