"""The published results of a run: its tables and figures, with the records of everything that they come from.

``results/reference/<name>/`` holds ``config.json``, ``tables/``, ``figures/``, ``claims/`` and RECORDS: the sealed
records, byte for byte, under the names that they have in the run. With them a clone that has not run anything traces
what is published.
"""

import io
import lzma
import re
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

from prefclip.files import whole_file, whole_folder, write_text
from prefclip.lineage.checks import is_result
from prefclip.lineage.index import PUBLISHED, Index, listing
from prefclip.lineage.project import FileProblem, LineageError, Project
from prefclip.lineage.record import LARGEST_RECORD, SUFFIX, Damage, Record, parse_record, record_name
from prefclip.lineage.settings import CurrentSettings

RECORDS = "records.tar.xz"
SHOWN = ("tables", "figures", "claims")
LARGEST_BUNDLE, LARGEST_UNPACKED = 16 * 1024 * 1024, 256 * 1024 * 1024


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
    return [f"{PUBLISHED}/{path.parent.name}" for path in sorted((project.root / PUBLISHED).glob(f"[!.]*/{RECORDS}"))]


def publish(project: Project, run: str | Path, name: str | None = None) -> str:
    """Put the tables and figures of a run, with their records, where they are published; return that folder.

    ``name`` of the folder below ``results/reference`` is that of the run unless told; it is built aside and then takes
    the place of the old one. Raises LineageError where an audit finds fault with the run, and where tables or figures
    are published there that the run lacks.
    """
    from prefclip.lineage.verify import verify

    if name is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        raise LineageError(f"--name {name}: is no name of a folder; use letters, digits, - and _.")
    run, target = project.name(run), f"{PUBLISHED}/{Path(run).name if name is None else name}"
    shown = [artifact for part in SHOWN for artifact in listing(project, f"{run}/{part}")]
    if not shown or run.count("/") != 1 or not is_result(run):
        raise LineageError(f"{run}: holds no tables and no figures to publish in {target}; name a finished run.")
    report = verify(project, [run])
    config = CurrentSettings(project).config(f"{run}/config.json")
    if report.findings or isinstance(config, str):
        fault = next((f"{one.artifact}: is {one.state} ({one.reason})" for one in report.findings), config)
        raise LineageError(f"{fault}; only a run in order is published: `prefclip audit verify {run}`.")
    there = [old for part in SHOWN for old in listing(project, f"{target}/{part}")]
    if lost := [old for old in there if run + old[len(target) :] not in shown]:
        raise LineageError(f"{lost[0]}: {run} has none; make it, or remove it first.")
    index = Index(project)
    recorded = [each for each in index.lineage(shown) if is_result(each) and isinstance(index.record(each), Record)]
    texts = {record_name(each): project.read(record_name(each), LARGEST_RECORD) for each in recorded}
    try:
        old = Path(project.locate(f"{target}/{RECORDS}")).parent
    except FileProblem as problem:
        raise LineageError(f"{target}: {problem}; nothing is published through it.") from problem
    with whole_folder(old) as new:
        for artifact in shown:
            with whole_file(f"{new}{artifact[len(run) :]}") as path:
                shutil.copyfile(project.locate(artifact), path)
        write_text(new / "config.json", config.model_dump_json(indent=2) + "\n")
        with whole_file(new / RECORDS) as path, tarfile.open(path, "w:xz") as bundle:
            for each, text in texts.items():
                member = tarfile.TarInfo(each)
                member.size = len(text)
                bundle.addfile(member, io.BytesIO(text))
    return target


def _bundled(project: Project, name: str) -> Iterator[tuple[str, bytes]]:
    """The artifacts and the texts of their records."""
    try:
        packed, run = project.read(name, LARGEST_BUNDLE), ""
        unpacked = lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(packed, LARGEST_UNPACKED)
        with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as bundle:
            for member in bundle:
                run = run or "/".join([*member.name.split("/")[:2], ""])
                if not member.isfile() or not member.name.startswith(run):
                    raise tarfile.TarError(f"{member.name[:200]!r} is no record of one run")
                yield member.name.removesuffix(SUFFIX), bundle.extractfile(member).read()
        if not run:
            raise tarfile.TarError("it is empty")
    except FileProblem as problem:
        raise LineageError(f"{name}: {problem}; `prefclip publish` writes it beside tables and figures.") from problem
    except (tarfile.TarError, lzma.LZMAError, EOFError, OSError, ValueError) as error:
        raise LineageError(f"{name}: is damaged ({error}); `git checkout -- {name}`.") from error
