"""A small project in its own git repository, from raw bytes over attacks and checkpoints to a table and a figure.

Its artifacts hold a few random bytes each; their records are real.
"""

import hashlib
import json
import os
import subprocess
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import reduce
from operator import getitem
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from prefclip.config import Config, read_config
from prefclip.lineage.figure_ids import figure_metadata
from prefclip.lineage.project import Project
from prefclip.lineage.recording import recorded
from prefclip.lineage.sources import installed_version
from prefclip.table import Number, Row, Source, Table, Term, write_table

RUN = "results/demo"
RAW = "resources/raw/pictures.bin"
SETTINGS = {
    "experiment": "demo",
    "data": {"train": "animals", "zero_shot": ["food"], "bias": []},
    "methods": {"dpo": {"objective": "dpo"}},
    "seeds": [0, 1],
}
CODE = {
    name: f"import numpy\n\n# {name}\n"
    for name in ("manifest", "attacks", "pairs", "train", "evaluate", "table", "figure")
}


@dataclass(frozen=True)
class DemoStep:
    """What a stage would be today."""

    inputs: list[str]
    output: dict[str, str]
    params: dict
    code: dict[str, str]


# What the stages read and write, and which keys they depend on, as they were declared when they ran.
DECLARED: dict[tuple, tuple[list[str], list[str], tuple[str, ...]]] = {}


def declared(config: Config, stage: str, wildcards: dict[str, str], root: str = "") -> DemoStep | None:
    """Return the step of the demo as `prefclip.run.steps.declared` does."""
    if (stage, *sorted(wildcards.items())) not in DECLARED:
        return None
    inputs, outputs, keys = DECLARED[stage, *sorted(wildcards.items())]
    try:
        params = {key: reduce(getitem, key.split("."), config.plain) for key in keys}
    except KeyError:
        return None
    return DemoStep(inputs, {name: name for name in outputs}, params, code_of(stage))


def code_of(stage: str) -> dict[str, str]:
    """The sha256 of the stage's only source file; nothing where it is gone."""
    path = Path(f"src/demo/{stage}.py")
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest()} if path.exists() else {}


class DemoProject:
    """The stages of the demo, and what tests do to it."""

    def __init__(self, root: Path):
        self.root = root

    @property
    def project(self) -> Project:
        return Project(self.root)

    def path(self, name: str) -> Path:
        return self.root / name

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=demo", "-c", "user.email=demo@example.org", "-c", "commit.gpgsign=false")
        run = subprocess.run(["git", *identity, *arguments], cwd=self.root, capture_output=True, text=True, check=True)
        return run.stdout

    def commit(self, message: str = "change") -> None:
        self.git("add", "--all")
        self.git("commit", "-q", "-m", message)

    def flip(self, name: str) -> None:
        """Change one byte and nothing else: size and times stay."""
        path = self.path(name)
        before = path.stat()
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0x01
        path.write_bytes(data)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert path.stat().st_mtime_ns == before.st_mtime_ns and path.stat().st_size == before.st_size

    def stage(
        self, stage: str, inputs: list[str], outputs: dict[str, bytes], keys: tuple[str, ...] = (), **details
    ) -> None:
        """Run one stage that writes given bytes."""
        with self.recorded(stage, inputs, list(outputs), keys, **details) as run:
            for name, data in outputs.items():
                path = Path(name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(
                    data.replace(b"{activity}", figure_metadata(run.activity, name).get("Comment", "").encode())
                )

    def recorded(
        self, stage: str, inputs: list[str], outputs: list[str], keys: tuple[str, ...] = (), **details
    ) -> AbstractContextManager:
        """Record one stage, and declare it."""
        wildcards = {key: str(value) for key, value in details.pop("wildcards", {}).items()}
        DECLARED[stage, *sorted(wildcards.items())] = (inputs, outputs, keys)
        return recorded(
            stage,
            inputs=inputs,
            outputs=outputs,
            config="config/demo.yaml",
            params=declared(read_config("config/demo.yaml"), stage, wildcards).params,
            code=code_of(stage),
            packages={"numpy": installed_version("numpy")},
            wildcards=wildcards,
            **details,
        )

    def data_stages(self) -> None:
        raw = Path(RAW).read_bytes()
        self.stage(
            "manifest", [RAW], {f"{RUN}/images/animals.npy": raw * 2, f"{RUN}/manifests/animals.parquet": b"m" + raw}
        )
        self.stage(
            "attacks",
            [f"{RUN}/images/animals.npy", f"{RUN}/manifests/animals.parquet"],
            {f"{RUN}/images/animals.attacked.npy": raw[::-1]},
            keys=("attack",),
        )
        self.stage("pairs", [f"{RUN}/images/animals.attacked.npy"], {f"{RUN}/preferences/animals.parquet": b"p" + raw})

    def train(self, seed: int) -> None:
        folder = f"{RUN}/checkpoints/clip/dpo/seed{seed}"
        weights = np.random.default_rng(seed).bytes(200)
        self.stage(
            "train",
            [f"{RUN}/preferences/animals.parquet", f"{RUN}/images/animals.npy"],
            {f"{folder}/model.safetensors": weights, f"{folder}/training_log.csv": b"step,loss\n1,%d\n" % (seed + 1)},
            keys=("training", "methods.dpo"),
            seed=seed,
            wildcards={"method": "dpo", "seed": seed},
        )

    def predictions(self, seed: int) -> str:
        return f"{RUN}/predictions/clip/dpo/seed{seed}.parquet"

    def evaluate(self, seed: int) -> None:
        out = self.predictions(seed)
        weights = f"{RUN}/checkpoints/clip/dpo/seed{seed}/model.safetensors"
        with self.recorded(
            "evaluate", [weights, f"{RUN}/images/animals.npy"], [out], seed=seed, wildcards={"seed": seed}
        ):
            keys = {
                "run_id": f"demo/clip/dpo/seed{seed}",
                "model": "clip",
                "method": "dpo",
                "weights": "raw",
                "seed": seed,
            }
            rows = [
                {**keys, "dataset": name, "images": "clean", "metric": "accuracy", "value": 0.5 + seed / 10}
                for name in ("animals", "food")
            ]
            Path(out).parent.mkdir(parents=True, exist_ok=True)
            pd.DataFrame(rows).to_parquet(out)

    def table(self) -> None:
        stem, inputs = f"{RUN}/tables/typographic", [self.predictions(0), self.predictions(1)]
        outputs = [f"{stem}.csv", f"{stem}.json"]
        with self.recorded("table", inputs, outputs, wildcards={"table": "typographic"}):
            key = {"method": "dpo", "weights": "raw", "kind": "value", "images": "clean", "metric": "accuracy"}
            lines = [{**key, "dataset": name, "value": 0.55} for name in ("animals", "food", "mean")]
            Path(stem).parent.mkdir(parents=True, exist_ok=True)
            pd.DataFrame(lines).to_csv(f"{stem}.csv", index=False)
            files = [name.removeprefix(f"{RUN}/") for name in inputs]
            write_table(accuracies(key, files), f"{stem}.json")

    def figure(self) -> None:
        picture = b"\x89PNG{activity}"
        self.stage(
            "figure",
            [self.predictions(0), self.predictions(1)],
            {f"{RUN}/figures/bars.png": picture},
            wildcards={"figure": "bars"},
        )

    def run_everything(self) -> None:
        self.data_stages()
        for seed in (0, 1):
            self.train(seed)
            self.evaluate(seed)
        self.table()
        self.figure()


def accuracies(key: dict[str, str], files: list[str]) -> Table:
    """One row of accuracies; the third is the mean of the others, and the fourth is that of the first file alone."""
    sources = [
        Source(file=file, where={"weights": "raw", "dataset": name}) for name in ("animals", "food") for file in files
    ]
    terms = [
        Term(measure="value", words=words, sources=places)
        for words, places in (
            ("animals, mean over 2 seeds", [0, 1]),
            ("food, mean over 2 seeds", [2, 3]),
            ("mean over 2 seeds and 2 data sets", [0, 1, 2, 3]),
            ("animals, seed 0", [0]),
        )
    ]
    numbers = [
        Number(keys={**key, "dataset": name}, value=value, formula="a", terms=[place])
        for place, (name, value) in enumerate({"animals": 0.55, "food": 0.55, "mean": 0.55, "first": 0.5}.items())
    ]
    change = Number(keys={**key, "kind": "difference", "dataset": "food"}, value=0.0, formula="a - b", terms=[1, 0])
    return Table(
        name="typographic",
        caption="Accuracy.",
        corner="",
        header=[("", number.keys["dataset"]) for number in numbers],
        footnotes=[],
        columns=[*key, "dataset", "value"],
        rows=[Row(label="DPO", cells=[0, 1, 2, 3])],
        numbers=[*numbers, change],
        terms=terms,
        sources=sources,
    )


def lay_out(root: Path) -> None:
    """Write the files that git holds."""
    files = {
        "workflow/Snakefile": "rule all:\n",
        "README.md": "demo\n",
        ".gitignore": "/results/\n",
        "config/demo.yaml": yaml.safe_dump(SETTINGS),
        "envs/requirements.lock": f"numpy=={np.__version__}\n",
        "resources/raw/ATTRIBUTION.md": "drawn by nobody\n",
        **{f"src/demo/{name}.py": text for name, text in CODE.items()},
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    raw = np.random.default_rng(7).bytes(500)
    (root / RAW).write_bytes(raw)
    checksums = {"pictures.bin": hashlib.sha256(raw).hexdigest()}
    (root / "resources/raw/checksums.json").write_text(json.dumps(checksums))
