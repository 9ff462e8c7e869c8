"""docs/extending.md taken apart: its files, commands and mistakes; and a repository in which it was followed."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from PIL import Image

sys.path.append(str(Path(__file__).parent / "workflow"))
from smoke_run import Answer, Checkout

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/extending.md").read_text(encoding="utf-8")
SIMPO, DESK, TRIMMED, FIGURE = (
    "src/prefclip/objectives/simpo.py",
    "src/prefclip/datasets/cards/desk.yaml",
    "src/prefclip/methods/trimmed.py",
    "src/prefclip/reporting/figures/defence_price.py",
)
# Folder, class folders with the emoji on their pictures, pictures of each class.
SHELF = {"lemon": "lemon", "hot_dog": "hot dog", "camera": "camera"}
DESK_CLASSES = {"laptop": "laptop", "mobile": "camera", "teddy": "teddy bear"}
PICTURES = (("pictures/shelf", SHELF, 6), ("data/desk/train", DESK_CLASSES, 32), ("data/desk/test", DESK_CLASSES, 8))


@dataclass(frozen=True)
class Block:
    """A fenced block, with the file that it is, or that it is added to."""

    path: str
    is_added: bool
    language: str
    text: str


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a text; the line before one says its file, ``added`` where it is a part to be merged."""
    found = re.findall(r"^(?:`([^`]+)`(, added)?:\n)?```(\w+)\n(.*?)^```$", text, re.M | re.S)
    return [Block(path, bool(added), language, body) for path, added, language, body in found]


FILES = {block.path: block.text for block in blocks(PAGE) if block.path and not block.is_added}
COMMANDS = [block.text.splitlines() for block in blocks(PAGE) if block.language == "bash"]
RECIPES = {part.split("\n")[0]: part for part in re.split(r"^## ", PAGE, flags=re.M)[1:]}
MISTAKES = dict(re.findall(r"^\| (?!mistake|---)(.+?) \| `(.+?)`.* \|$", PAGE, re.M))


def merged(values: dict, changes: dict) -> dict:
    """What Snakemake makes of two configuration files."""
    both = {key for key, change in changes.items() if isinstance(change, dict) and key in values}
    return {**values, **changes, **{key: merged(values[key], changes[key]) for key in both}}


def settings(**changes: object) -> dict:
    """my.yaml after all recipes, with further changes."""
    values = yaml.safe_load(FILES["my.yaml"])
    for block in blocks(PAGE):
        if block.is_added:
            values = merged(values, yaml.safe_load(block.text))
    return merged(values, changes)


def write_files(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FILES[name], encoding="utf-8")


def draw_pictures(folder: Path) -> None:
    """Write the pictures that the page speaks of: emoji, which the embedded CLIP knows, on a plain ground."""
    emoji = pd.read_parquet(ROOT / "resources/embedded/emoji.parquet").groupby("concept")["webp"].first()
    generator = np.random.default_rng(0)
    for place, classes, count in PICTURES:
        for name, concept in classes.items():
            (folder / place / name).mkdir(parents=True)
            drawn = Image.open(BytesIO(emoji[concept])).convert("RGBA").resize((60, 60))
            for number in range(1, count + 1):
                picture = Image.new("RGB", (80, 80), tuple(map(int, generator.integers(120, 256, 3))))
                picture.paste(drawn, tuple(map(int, generator.integers(0, 20, 2))), drawn)
                picture.save(folder / place / name / f"{number}.png")


class Followed:
    """A copy of the repository in which the page was followed from top to bottom, and what was said on the way."""

    def __init__(self, folder: Path):
        self.folder = Checkout(folder).copy().folder
        shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        shutil.copytree(ROOT / "resources", folder / "resources", dirs_exist_ok=True)
        commands, of_the_card = COMMANDS

        write_files(folder, "my.yaml")
        self.before = self.give(commands)
        files = self.sources()
        write_files(folder, SIMPO, DESK, TRIMMED, FIGURE)
        self.new_files = self.sources() - files
        self.unused = self.plan()

        figure = folder / FIGURE
        figure.write_text(FILES[FIGURE].replace("return any(", "return True or any("))
        self.with_a_figure_of_its_own = self.plan()
        write_files(folder, FIGURE)

        draw_pictures(folder)
        (folder / "my.yaml").write_text(yaml.safe_dump(settings(), sort_keys=False))
        self.planned = self.plan()
        self.after = self.give(commands)
        self.drawn_alone = self.give(["prefclip figure results/small defence_price", commands[-1]])
        write_files(folder, "desk.yaml")
        self.desk = self.give(of_the_card)

    def give(self, commands: list[str]) -> list[str]:
        """What each command of a shell says; none may fail."""
        search = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        environment = {**os.environ, "PATH": search, "PYTHONPATH": str(self.folder / "src"), "OMP_NUM_THREADS": "1"}
        environment.pop("SNAKEMAKE_PROFILE", None)
        said = []
        for command in commands:
            run = subprocess.run(
                ["bash", "-c", command], cwd=self.folder, env=environment, capture_output=True, text=True
            )
            assert run.returncode == 0, f"{command}\n{run.stdout}{run.stderr}"
            said.append(run.stdout + run.stderr)
        return said

    def plan(self) -> Answer:
        """What would run now."""
        (said,) = self.give(["snakemake -n --configfile my.yaml"])
        return Answer(0, said, 0.0, 0.0)

    def sources(self) -> set[str]:
        """Every file of a recipe's kind: of the package, the workflow and its presets."""
        found = [path for name in ("src", "workflow", "config") for path in (self.folder / name).rglob("*")]
        return {str(path.relative_to(self.folder)) for path in found if path.is_file() and path.suffix != ".pyc"}
