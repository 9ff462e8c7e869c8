"""The published results of a run: its tables and figures, with the records of everything that they come from.

``results/reference/<name>/`` holds ``config.json``, ``tables/``, ``figures/`` and RECORDS: the sealed records, byte for
byte, under the names that they have in the run. With them a clone that has not run anything traces what is published.
"""

import io
import lzma
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from prefclip.files import whole_file
from prefclip.lineage.checks import is_result
from prefclip.lineage.index import PUBLISHED, Index, listing
from prefclip.lineage.project import RESULTS, FileProblem, LineageError, Project
from prefclip.lineage.record import LARGEST_RECORD, SUFFIX, Damage, Record, parse_record, record_name

RECORDS = "records.tar.xz"
SHOWN = ("tables", "figures")
LARGEST_BUNDLE, LARGEST_TOTAL = 64 * 1024 * 1024, 1024 * 1024 * 1024


class PublishedIndex(Index):
    """The records of a published run; those of shipped files are read where they lie.

    Artifacts have the names of the run, ``results/<run>/…``, which need not be there. Raises LineageError for a folder
    without records, or with damaged ones.
    """

    def __init__(self, project: Project, folder: str):
        super().__init__(project)
        self.folder = folder
        self._texts = dict(_bundled(project, f"{folder}/{RECORDS}"))
        self.run = "/".join(next(iter(self._texts)).split("/")[:2])

    def record(self, artifact: str) -> Record | Damage | None:
        if artifact not in self._records and is_result(artifact):
            text = self._texts.get(artifact)
            self._records[artifact] = text and parse_record(text, artifact)
        return super().record(artifact)

    def everything(self) -> list[str]:
        return list(self._texts)

    def shown(self, artifact: str) -> str:
        return re.sub(rf"^{re.escape(self.run)}/", f"{self.folder}/", artifact)


def published_folders(project: Project) -> list[str]:
    """Return the published runs that have records."""
    return [f"{PUBLISHED}/{path.parent.name}" for path in sorted((project.root / PUBLISHED).glob(f"*/{RECORDS}"))]


def publish(project: Project, run: str | Path, folder: str | Path | None = None) -> str:
    """Put the tables and figures of a run, with their records, where they are published; return that folder.

    ``folder`` is ``results/reference/<run>`` unless told; what it holds is replaced as a whole. Raises LineageError
    where an audit finds fault with the run, and where the run lacks a table or figure that is published there.
    """
    from prefclip.lineage.verify import verify

    run, target = project.name(run), project.root / (folder or f"{PUBLISHED}/{Path(run).name}")
    shown = [name for part in SHOWN for name in listing(project, f"{run}/{part}")]
    if not shown or run.count("/") != 1 or not run.startswith(f"{RESULTS}/"):
        raise LineageError(f"{run}: holds no tables and no figures; name a finished run, such as {RESULTS}/embedded.")
    report = verify(project, shown)
    if report.findings:
        first = report.findings[0]
        raise LineageError(
            f"{first.artifact}: is {first.state} ({first.reason}), and only a run in order is published; "
            f"see `prefclip audit verify {run}`."
        )
    there = [path.relative_to(target).as_posix() for part in SHOWN for path in sorted((target / part).glob("*.*"))]
    lost = [name for name in there if f"{run}/{name}" not in shown]
    if lost:
        raise LineageError(f"{target / lost[0]}: {run} has none; make it, or remove it first.")
    index = Index(project)
    recorded = [name for name in index.lineage(shown) if is_result(name) and isinstance(index.record(name), Record)]
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", suffix=".partial", dir=target.parent) as made:
        for name in [f"{run}/config.json", *shown]:
            path = Path(made, name.removeprefix(f"{run}/"))
            path.parent.mkdir(exist_ok=True)
            shutil.copyfile(project.locate(name), path)
        with whole_file(Path(made, RECORDS)) as path, tarfile.open(path, "w:xz") as bundle:
            for name in recorded:
                text = project.read(record_name(name), LARGEST_RECORD)
                member = tarfile.TarInfo(record_name(name))
                member.size = len(text)
                bundle.addfile(member, io.BytesIO(text))
        target.mkdir(exist_ok=True)
        for part in (*SHOWN, "config.json", RECORDS):
            if (target / part).exists():
                os.replace(target / part, Path(made, f"{part}.old"))
            if Path(made, part).exists():
                os.replace(Path(made, part), target / part)
    return project.name(target)


def _bundled(project: Project, name: str) -> Iterator[tuple[str, bytes]]:
    """The artifacts and the texts of their records."""
    try:
        content = io.BytesIO(project.read(name, LARGEST_BUNDLE))
        left, run = LARGEST_TOTAL, ""
        with tarfile.open(fileobj=content, mode="r:xz") as bundle:
            for member in bundle:
                left -= member.size
                run = run or "/".join([*member.name.split("/")[:2], ""])
                if not member.isfile() or member.size > LARGEST_RECORD or left < 0 or not member.name.startswith(run):
                    raise tarfile.TarError(f"{member.name[:200]!r} is no record of one run")
                yield member.name.removesuffix(SUFFIX), bundle.extractfile(member).read()
        if not run:
            raise tarfile.TarError("it is empty")
    except FileProblem as problem:
        raise LineageError(f"{name}: {problem}; `prefclip publish` writes it beside tables and figures.") from problem
    except (tarfile.TarError, lzma.LZMAError, EOFError, OSError, ValueError) as error:
        raise LineageError(f"{name}: is damaged ({error}); `git checkout -- {name}`.") from error
