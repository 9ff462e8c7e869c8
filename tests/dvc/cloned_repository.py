"""Copies of this repository in git repositories of their own, with what tests do there."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PARTS = """
Snakefile workflow config resources src envs pyproject.toml .gitignore .dvcignore .dvc/config .dvc/.gitignore
dvc.yaml
""".split()
STORE = "prefclip-store"  # the remote of .dvc/config, beside the checkout
TINY = """\
experiment: tiny
data:
  train: animals
  zero_shot: [plants]
  bias: [people]
  train_images: 96
  validation_images: 32
  test_images: 32
training: {batch_size: 48, epochs: 1, learning_rate: 4.0e-3}
attack: {seed: 0}
methods:
  ce: {objective: ce, averaging: false}
  dpo: {objective: dpo, parameters: {beta: 0.5, regulariser_weight: 1.0}}
seeds: [0]
sweeps: {grids: {beta: {vary: beta, methods: [dpo], values: [0.1, 0.5]}}}
"""


@dataclass(frozen=True)
class Repository:
    """A git repository whose own source files run there."""

    root: Path

    @property
    def environment(self) -> dict[str, str]:
        scripts = str(Path(sys.executable).parent)
        return os.environ | {
            "PATH": scripts + os.pathsep + os.environ["PATH"],
            "PYTHONPATH": str(self.root / "src"),
            "OMP_NUM_THREADS": "1",
            "COLUMNS": "200",
            "DVC_SITE_CACHE_DIR": str(self.root.parent / "site"),
            "DVC_GLOBAL_CONFIG_DIR": str(self.root.parent / "no-settings"),
            "DVC_SYSTEM_CONFIG_DIR": str(self.root.parent / "no-settings"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
        }

    def run(self, *command: str, fails: bool = False) -> subprocess.CompletedProcess:
        """Run a command here; its exit code must say success, or failure if it ``fails``."""
        done = subprocess.run(command, cwd=self.root, env=self.environment, capture_output=True, text=True)
        assert bool(done.returncode) == fails, f"{command} gave {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done

    def says(self, *command: str) -> str:
        """Run a command and return everything that it prints."""
        done = self.run(*command)
        return done.stdout + done.stderr

    def refuses(self, *command: str) -> str:
        """Run a prefclip command that fails; return its one sentence."""
        done = self.run("prefclip", *command, fails=True)
        assert done.returncode == 1 and "Traceback" not in done.stderr
        assert done.stderr.startswith("prefclip: ") and done.stderr.count("\n") == 1, done.stderr
        return done.stderr

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=tests", "-c", "user.email=tests@example.org", "-c", "commit.gpgsign=false")
        return self.run("git", *who, *arguments).stdout

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "-q", "-m", "change")

    def path(self, name: str) -> Path:
        return self.root / name

    def edit(self, name: str, old: str, new: str) -> None:
        text = self.path(name).read_text()
        assert old in text
        self.path(name).write_text(text.replace(old, new))

    def flip(self, name: str) -> None:
        """Change one byte and nothing else: size and times stay."""
        flip(self.path(name))

    def times(self) -> dict[str, int]:
        """Modification times of everything that runs made."""
        made = (path for path in self.path("results").rglob("*") if path.is_file() and path.name != ".dvcignore")
        return {str(path): path.stat().st_mtime_ns for path in made}

    def locked(self) -> dict[str, str]:
        """Every file that dvc.lock stands for, with its md5, from the lists of the folders in the cache."""
        stages = yaml.safe_load(self.path("dvc.lock").read_text())["stages"]
        outputs = {entry["path"]: entry["md5"] for stage in stages.values() for entry in stage["outs"]}
        files = {}
        for name, md5 in outputs.items():
            if md5.endswith(".dir"):
                entries = json.loads(copy_in(self.path(".dvc/cache"), md5).read_text())
                files |= {f"{name}/{entry['relpath']}": entry["md5"] for entry in entries}
            else:
                files[name] = md5
        return files

    def clone(self, folder: Path) -> "Repository":
        """Clone to ``folder/prefclip`` with a copy of the remote beside it."""
        folder.mkdir(exist_ok=True)
        self.git("clone", "-q", str(self.root), str(folder / "prefclip"))
        if (self.root.parent / STORE).is_dir():
            shutil.copytree(self.root.parent / STORE, folder / STORE)
        return Repository(folder / "prefclip")


def copy_in(folder: Path, md5: str) -> Path:
    """Where a cache or a remote of DVC keeps the bytes with an md5."""
    return folder / "files/md5" / md5[:2] / md5[2:]


def md5_of(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def flip(path: Path) -> None:
    """Change one byte in the middle of a file, whose size, times and rights stay."""
    before = path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x01
    path.chmod(0o644)
    path.write_bytes(data)
    path.chmod(before.st_mode)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def copy_repository(folder: Path, tiny: bool = False) -> Repository:
    """Copy what is in the working tree now, commit it, and return the repository ``folder/prefclip``."""
    repository = Repository(folder / "prefclip")
    for part in PARTS:
        source, target = ROOT / part, repository.root / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    if tiny:
        repository.path("config/embedded.yaml").write_text(TINY)
        repository.run("prefclip", "dvc", "write")
    repository.run("git", "init", "-q", "-b", "main")
    repository.commit()
    return repository
