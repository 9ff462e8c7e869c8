"""Arguments that the commands of several steps take."""

from pathlib import Path
from typing import Annotated

import typer

Run = Annotated[Path, typer.Argument(help="folder of the run, results/<experiment>, with its config.json")]
Seed = Annotated[int, typer.Option(min=0, help="seed of the training run")]
Threads = Annotated[int, typer.Option(min=1, help="CPU threads; the same number gives the same bytes")]
Workers = Annotated[int, typer.Option(min=1, help="processes; any number gives the same bytes")]
Dataset = Annotated[str, typer.Argument(help="name of a data set of the run")]
Concept = Annotated[str, typer.Argument(help="name of a concept map of the run")]
Method = Annotated[
    str, typer.Argument(help="a method of the run or a point of its sweeps, or clip for the untouched one")
]
Words = Annotated[bool, typer.Option("--words", help="the further attacked training images of the sweeps")]
