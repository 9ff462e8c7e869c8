"""The file behind the report's image explorer, which `explorer.explore_images` writes; reading it needs no model."""

import json
from pathlib import Path
from typing import Any

from prefclip.datasets.parquet_tables import TableError

FORMAT = "prefclip-explorer/1"


def read_explorer(path: str | Path) -> dict[str, Any]:
    """Read what `explore_images` wrote. Raises TableError naming a file that is missing, damaged or of another kind."""
    remedy = "make it again with `prefclip explore`"
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TableError(f"{path}: not a readable JSON file ({error}); {remedy}.") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise TableError(f"{path}: its format is not {FORMAT}; {remedy}.")
    return found
