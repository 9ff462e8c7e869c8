"""Figures name the run that drew them: the activity id, in the metadata of PNG and PDF.

A figure cannot hold the id of its own record, which depends on the figure's bytes; the activity id is known before it
is drawn. With it a figure that was copied into a paper still finds its record (``audit trace figure.png``).
"""

import re
from pathlib import PurePath

from prefclip.lineage.project import FileProblem, Project

FIGURE_SUFFIXES = (".png", ".pdf")
LARGEST_FIGURE = 64 * 1024 * 1024
_MARK = re.compile(rb"prefclip-activity:([0-9a-f]{64})")


def figure_metadata(activity: str, path: str | PurePath) -> dict[str, str | None]:
    """Return ``metadata`` for matplotlib's ``savefig``: the id, and no time, so that equal figures have equal bytes."""
    mark = f"prefclip-activity:{activity}"
    if PurePath(path).suffix == ".pdf":
        return {"Keywords": mark, "Creator": "prefclip", "Producer": None, "CreationDate": None}
    return {"Comment": mark, "Software": None}


def activity_in(data: bytes) -> str | None:
    """Return the activity id that a figure's bytes hold, if any."""
    found = _MARK.search(data)
    return found.group(1).decode() if found else None


def figure_activity(project: Project, name: str) -> str | None:
    """Return the activity id of a figure of the project; None for other files and figures without one."""
    if not name.endswith(FIGURE_SUFFIXES):
        return None
    try:
        return activity_in(project.read(name, LARGEST_FIGURE))
    except FileProblem:
        return None
