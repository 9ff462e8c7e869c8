"""Downloaded data sets under DVC: watched, not stored, and looked at again when they changed."""

import io
import json
import shutil

import pytest
from cloned_repository import TINY, Repository, copy_in, copy_repository, md5_of
from dvc_pipeline import read_pipeline
from PIL import Image

from prefclip.datasets.registry import DATASETS
from prefclip.lineage.project import Project
from prefclip.lineage.versions.milestones import VersioningError
from prefclip.lineage.versions.storing import stages_here

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:dvc"),
]
DATA = "{source: downloaded, root: data, train: imagenet100, zero_shot: [], bias: [], real: [rta100]}"
FOLDER = "data/rta100"
PHOTOGRAPH = f"{FOLDER}/label=DVD_text=adapter.jpg"
FOUND = "results/tiny/sources/rta100/checksums.json"
MILESTONES = ("raw@rta100", "sources@rta100")


@pytest.fixture
def repository(tmp_path) -> Repository:
    """The settings of a run on downloaded sets."""
    repository = copy_repository(tmp_path)
    before, _, after = TINY.partition("data:\n")
    config = f"{before}data: {DATA}\ntraining:{after.partition('training:')[2]}".partition("sweeps:")[0]
    repository.path("config/tiny.yaml").write_text(config)
    repository.run("prefclip", "dvc", "write", "--configfile", "config/tiny.yaml")
    repository.run("prefclip", "init", "--config", "config/tiny.yaml")
    repository.commit()
    return repository


def photograph(repository: Repository) -> None:
    """Make a thousand equal photographs, each thing with ten words."""
    names = DATASETS["rta100"].classes
    repository.path(FOLDER).mkdir(parents=True)
    picture = io.BytesIO()
    Image.new("RGB", (12, 9), "red").save(picture, "JPEG")
    for place, name in enumerate(names):
        for word in (names * 2)[place + 1 : place + 11]:
            repository.path(f"{FOLDER}/label={name}_text={word}.jpg").write_bytes(picture.getvalue())


def changed(repository: Repository) -> dict[str, list]:
    return json.loads(repository.run("dvc", "status", "--json", *MILESTONES).stdout)


def test_a_changed_set_is_seen_and_looked_at_again_but_not_stored(repository):
    photograph(repository)
    repository.run("dvc", "repro", "--single-item", MILESTONES[1])
    repository.run("dvc", "commit", "--force", MILESTONES[0])
    assert changed(repository) == {} and repository.git("status", "--porcelain").split() == ["??", "dvc.lock"]
    assert not copy_in(repository.path(".dvc/cache"), md5_of(repository.path(PHOTOGRAPH))).exists()
    before = json.loads(repository.path(FOUND).read_text())
    Image.new("RGB", (12, 9), "blue").save(repository.path(PHOTOGRAPH))
    assert changed(repository) == {
        MILESTONES[0]: [{"changed outs": {FOLDER: "modified"}}],
        MILESTONES[1]: [{"changed deps": {FOLDER: "modified"}}],
    }
    repository.run("dvc", "repro", "--single-item", MILESTONES[1])
    after = json.loads(repository.path(FOUND).read_text())
    assert after.pop("sha256") != before.pop("sha256") and after == before


def test_a_recorded_set_may_be_elsewhere(repository, monkeypatch):
    for name in ("DVC_SITE_CACHE_DIR", "GIT_CONFIG_GLOBAL"):
        monkeypatch.setenv(name, repository.environment[name])
    project = Project(repository.root)
    stages = read_pipeline(repository.root).stages.values()
    for out in {out for stage in stages for out in stage.outputs if not out.endswith("config.json")}:
        repository.path(out).mkdir(parents=True)
    repository.run("dvc", "commit", "--force")
    everything = {stage.name for stage in stages}
    assert set(stages_here(project)) == everything
    shutil.rmtree(repository.path("data"))
    of_raw = {stage.name for stage in stages if stage.milestone in ("raw", "sources")}
    assert set(stages_here(project)) == everything - of_raw and of_raw.issuperset(MILESTONES)
    repository.edit("dvc.lock", f"  {MILESTONES[1]}:", "  other:")
    with pytest.raises(
        VersioningError, match=f"{FOLDER}: no such file; the milestone {MILESTONES[1]} cannot be recorded"
    ):
        stages_here(project)
