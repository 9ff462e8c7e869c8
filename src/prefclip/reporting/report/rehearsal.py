"""Why the numbers of a run say nothing, where it only rehearses one."""

import json
from pathlib import Path

from prefclip.config import Config
from prefclip.reporting.labels import dataset_label
from prefclip.run.files import RunFiles


def source_files(config: Config, files: RunFiles) -> list[str]:
    """Return what says whether the pictures of a run are stand-ins; those of the embedded world never are."""
    return [files.sources(name) for name in config.datasets] if config.data.source == "downloaded" else []


def rehearsal_notes(config: Config, files: RunFiles) -> list[str]:
    """Return a sentence for each reason: stand-ins instead of data, few images, random weights; none for a real run."""
    found = [json.loads(Path(path).read_text(encoding="utf-8")) for path in source_files(config, files)]
    made_up = [dataset_label(each["dataset"]) for each in found if each.get("stand_in")]
    which = "all data sets" if len(made_up) == len(config.datasets) else ", ".join(made_up)
    notes = [f"Pictures are made up, stand-ins instead of data: {which}."] if made_up else []
    if config.reading.max_images is not None:
        notes.append(f"At most {config.reading.max_images} images of each split are read.")
    return [*notes, "The model starts from random weights."] if config.model.is_random else notes
