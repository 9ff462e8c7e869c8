"""Whether a run would find its weights, its raw data, and room for what it writes."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from prefclip.config import Config
from prefclip.errors import PrefclipError
from prefclip.preflight.findings import Finding, ok, warning, wrong

GB = 1e9
# Tables, checkpoints, predictions and resume points beside the image stacks.
ROOM_FOR_THE_REST = 5 * GB


def check_weights(config: Config) -> Finding:
    """The base model's weights are on this machine: a file, or a tag in the cache of the Hugging Face hub."""
    from huggingface_hub import try_to_load_from_cache

    from prefclip.models.weight_files import check_architecture, hub_location, local_weights, looks_like_file

    name, weights = config.model.name, config.model.weights
    if config.model.is_random:
        return warning(
            "weights", "random", "nothing for a rehearsal; else set model.weights to a pretrained tag or a file"
        )
    try:
        if looks_like_file(weights) or config.model.is_embedded:
            return ok("weights", f"{local_weights(weights)}")
        check_architecture(name)
        repository, file = hub_location(name, weights)
    except PrefclipError as error:
        return wrong("weights", str(error), "correct model.name or model.weights")
    path = try_to_load_from_cache(repository, file)
    if isinstance(path, str) and Path(path).exists():
        return ok("weights", f"{name}, {weights}: {path}")
    what = f"{weights} of {name} is not on this machine, and compute nodes often have no network"
    fetch = f"run `hf download {repository} {file}` here"
    return wrong("weights", what, f"{fetch}; it lands in HF_HOME (~/.cache/huggingface), which jobs must see")


def check_data(config: Config) -> Iterator[Finding]:
    """The raw files of every data set are there, or can be fetched."""
    root = Path(config.data.root)
    if config.data.source == "embedded":
        missing = [name for name in ("checksums.json", "classes.yaml", "emoji.parquet") if not (root / name).is_file()]
        if missing:
            yield wrong("data", f"{root} lacks {', '.join(missing)}", "check the repository out again")
        else:
            yield ok("data", f"the embedded world in {root}")
        return
    from prefclip.datasets.own_folders import own_cards
    from prefclip.datasets.registry import downloaded_card
    from prefclip.datasets.stand_in_marker import is_stand_in

    present, fetchable, own = [], [], own_cards(config)
    for name in config.datasets:
        entry = own.get(name) or downloaded_card(name)
        state = entry.state(root)
        if state == "manual":
            yield wrong(f"data ({name})", f"not in {entry.path_in(root)}", entry.remedy(root))
        else:
            shown = f"{name} (a stand-in)" if is_stand_in(entry.path_in(root)) else name
            (present if state == "present" else fetchable).append(shown)
    if present:
        yield ok("data", f"in {root}: {', '.join(present)}")
    if fetchable and config.reading.max_images is not None:
        mend = f"`prefclip datasets stand-in --root {root}`, or set data.root to the folder of the data"
        yield wrong("data", f"reading.max_images fetches nothing, and {root} lacks: {', '.join(fetchable)}", mend)
    elif fetchable:
        now = f"or now: `prefclip datasets fetch NAME --root {root}`"
        mend = f"nothing, if this machine has a network (the run fetches them here, not in a job); {now}"
        yield warning("data", f"to be fetched: {', '.join(fetchable)}", mend)


def check_room(config: Config, folder: Path) -> Finding:
    """The disk of ``folder`` has room for the image stacks that are not there yet."""
    needed = sum(stack_bytes(config).values()) + ROOM_FOR_THE_REST
    there = sum(path.stat().st_size for path in (folder / config.experiment).rglob("*.npy"))
    missing = max(0.0, needed - there)
    free = shutil.disk_usage(next(parent for parent in (folder, *folder.resolve().parents) if parent.exists())).free
    what = f"{free / GB:,.0f} GB free, about {missing / GB:,.0f} GB still to be written to {folder}"
    if free > missing:
        return ok("room", what)
    return wrong("room", what, "free some space, or put the repository on a larger shared disk")


def stack_bytes(config: Config) -> dict[str, int]:
    """Bytes of the stacks of each data set, from the published numbers of images: clean, canvas, attacked, and ink."""
    pixels = 3 * config.model.image_size**2
    sizes = {}
    for name, (tested, others) in split_images(config).items():
        stacks = (tested + others) * (1 + config.has_canvases)
        if name in config.attacked_datasets:
            twins = 2 * len(config.attack_conditions(name))  # only a test image has ink beside its word
            stacks += config.attack.variants * (others + tested * twins)
        sizes[name] = stacks * pixels
    return sizes


def split_images(config: Config) -> dict[str, tuple[int, int]]:
    """Test images of each data set, and of the training set all others, as published or configured."""
    from prefclip.datasets.card import dataset_card
    from prefclip.datasets.own_folders import own_cards

    counts = {}
    for name in config.datasets:
        trained = name == config.data.train
        if config.data.source == "embedded":
            tested = config.data.test_images
            others = config.data.validation_images + config.data.train_images * trained
        else:
            card = dataset_card(name, own_cards(config))
            most = config.reading.max_images or max(card.image_count, 1)
            published = {split: min(count or 0, most) for split, count in card.splits.items()}
            tested = published.get("test") or sum(published.values())
            others = sum(published.values()) - tested if trained else 0
        counts[name] = tested, others
    return counts
