"""`prefclip benchmark`: what this machine really does in a minute."""

import os
from pathlib import Path
from typing import Annotated

import typer

benchmark_app = typer.Typer(help="Measure this machine.", no_args_is_help=True)


@benchmark_app.callback()
def benchmark() -> None:
    """Measure this machine."""


@benchmark_app.command("train")
def benchmark_train(
    config: Annotated[Path, typer.Option(help="YAML configuration")] = Path("config/paper.yaml"),
    method: Annotated[str, typer.Option(help="a method of the configuration")] = "dpo",
    seconds: Annotated[float, typer.Option(min=1, help="about how long to train")] = 60,
    output: Annotated[Path, typer.Option(help="where to write the result (JSON)")] = Path("benchmarks/train.json"),
    threads: Annotated[int, typer.Option(min=1, help="CPU threads, as in `prefclip train`")] = 1,
) -> None:
    """Train on made-up images for a minute and print images per second; under torchrun, on all its GPUs."""
    from prefclip.config import read_config
    from prefclip.datasets.registry import DATASETS
    from prefclip.training.benchmark import benchmark_training

    rate = benchmark_training(read_config(config, datasets=DATASETS), method, seconds, output, threads)
    if os.environ.get("RANK", "0") == "0":
        print(rate.line())
