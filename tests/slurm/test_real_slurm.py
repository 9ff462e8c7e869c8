"""`snakemake --profile slurm` on a real slurmctld and slurmd: a whole run, cancelled jobs, impossible requests."""

import json
import shlex
import shutil
import sys
import time

import pandas as pd
import pytest
from fresh_checkout import Checkout

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(1800)]

QUICKLY = ("--latency-wait", "20", "--slurm-init-seconds-before-status-checks", "3", "--jobs", "3")
CHECKPOINTS = "results/reduced/checkpoints/emoji-clip"
# Notes what sbatch is asked, and asks it.
NOTING = """#!{python}
import json, os, sys
with open({notes!r}, "a") as stream:
    stream.write(json.dumps(sys.argv[1:]) + "\\n")
os.execv({sbatch!r}, ["sbatch", *sys.argv[1:]])
"""


def is_of(rule: str, comment: str) -> bool:
    """Whether a job's comment names a rule; a rule without wildcards has none to tell."""
    return comment == f"rule_{rule}" or comment.startswith(f"rule_{rule}_wildcards")


class Workplace(Checkout):
    """A copy of the repository beside a running Slurm; submissions are noted."""

    def __init__(self, folder, cluster):
        self.cluster, self.notes = cluster, folder / "submissions.jsonl"
        noting = folder / "noting/sbatch"
        noting.parent.mkdir(parents=True)
        noting.write_text(NOTING.format(python=sys.executable, notes=str(self.notes), sbatch=shutil.which("sbatch")))
        noting.chmod(0o755)
        super().__init__(folder, noting.parent, cluster.programs)
        self.environment |= cluster.environment
        self.profile = (folder / "slurm/config.yaml").read_text()
        # Accounting is off here; the preflight says that this line is needed then.
        self.change_profile("# slurm-status-command: squeue", "slurm-status-command: squeue")

    def give_gpus(self, *lines: str) -> None:
        """Change what trainings with averaging ask for."""
        path = self.folder / "slurm/config.yaml"
        head, found, tail = path.read_text().partition("    <<: *on_gpu\n")
        rest = tail[tail.index("  train_policy_without_averaging") :]
        path.write_text("".join([head, found, *(f"    {line}\n" for line in lines), rest]))

    def snakemake(self, *words):
        """The command line of a run."""
        return ("snakemake", "--profile", "slurm", *words, *QUICKLY)

    def submissions(self, rule: str) -> list[list[str]]:
        """The command lines of all submissions of a rule."""
        lines = self.notes.read_text().splitlines() if self.notes.exists() else []
        every = [json.loads(line) for line in lines]
        return [words for words in every if is_of(rule, words[words.index("--comment") + 1])]

    def jobs(self, rule: str) -> list[dict[str, str]]:
        """The jobs of a rule, as Slurm tells them."""
        return [job for job in self.cluster.jobs() if is_of(rule, job.get("Comment", ""))]


@pytest.fixture(scope="module")
def workplace(cluster, tmp_path_factory):
    return Workplace(tmp_path_factory.mktemp("workplace"), cluster)


@pytest.fixture(scope="module")
def whole_run(workplace):
    """`all` of a reduced configuration, once; the training without averaging gets two GPUs."""
    workplace.change_profile("train_policy_without_averaging: *training", TWO_GPUS)
    config = workplace.write_config("reduced.yaml")
    done = workplace.run(*workplace.snakemake("all", "--configfile", config), timeout=1500)
    assert done.returncode == 0, done.stdout[-6000:]
    return done.stdout


TWO_GPUS = "train_policy_without_averaging: {gpu_model: a100, nodes: 1, cpus_per_gpu: 8, gpu: 2}"


def test_all_runs_to_the_end(workplace, whole_run):
    made = workplace.folder / "results/reduced"
    table = pd.read_csv(made / "tables/typographic.csv")
    assert len(table) > 0 and (made / "figures/accuracy_bars.pdf").exists()
    assert len(list(made.glob("predictions/*/*/*.parquet"))) == 3
    logs = workplace.folder / "logs/slurm"
    assert list(logs.glob("rule_train_policy/*/*.log")) and not list(logs.glob("rule_make_table*"))


@pytest.mark.parametrize(
    ("rule", "gpus", "count"),
    [
        ("cache_reference", 1, 1),
        ("train_policy", 1, 1),
        ("train_policy_without_averaging", 2, 1),
        ("evaluate_model", 1, 3),
    ],
)
def test_gpu_jobs_ask_for_a100s_of_one_node_and_get_them(workplace, whole_run, rule, gpus, count):
    asked, jobs = workplace.submissions(rule), workplace.jobs(rule)
    assert len(asked) == len(jobs) == count
    for words, job in zip(asked, jobs, strict=True):
        assert {f"--gpus=a100:{gpus}", "--nodes=1", "--cpus-per-gpu=8"} <= set(words)
        assert job["TresPerJob"] == f"gres:gpu:a100:{gpus}" and job["NumNodes"] == "1"
        assert job["JobState"] == "COMPLETED"


def test_other_jobs_ask_for_none(workplace, whole_run):
    jobs = [*workplace.jobs("build_manifest"), *workplace.jobs("synthesise_attacks"), *workplace.jobs("build_pairs")]
    assert len(jobs) == 5 and all("TresPerJob" not in job for job in jobs)


def test_two_gpus_are_two_processes(workplace, whole_run):
    """Their records say who trained, and the log is that of one run with the same global batch."""
    assert "torchrun --standalone --nproc-per-node=2 --no-python prefclip train results/reduced ce" in whole_run
    assert len(pd.read_csv(workplace.folder / CHECKPOINTS / "ce/seed0/training_log.csv")) == 2


def test_cancelled_job_is_submitted_again_and_goes_on(workplace, whole_run):
    long_training = {
        "methods": {"kto": {"objective": "kto", "epochs": 10}},
        "training": {"epochs": 1, "batch_size": 16, "learning_rate": 1e-4, "checkpoint_every": 10},
    }
    config = workplace.write_config("long.yaml", **long_training)
    target = f"{CHECKPOINTS}/kto/seed0/model.safetensors"
    earlier = len(workplace.jobs("train_policy"))
    process = workplace.start(*workplace.snakemake(target, "--configfile", config), log="cancelled.log")
    try:
        _wait_for(lambda: list(workplace.folder.glob("results/reduced/scratch/*/step-*.json")), process)
        (running,) = workplace.jobs("train_policy")[earlier:]
        assert workplace.cluster.ask("scancel", running["JobId"]).returncode == 0
        assert process.wait(800) == 0, (workplace.folder / "cancelled.log").read_text()[-4000:]
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    first, second = workplace.jobs("train_policy")[earlier:]
    assert (first["JobState"], second["JobState"]) == ("CANCELLED", "COMPLETED")
    before, after = workplace.submissions("train_policy")[-2:]
    assert [words[words.index("--mem") + 1] for words in (before, after)] == ["3000", "6000"]
    assert "--gpus=a100:1" in before and "--gpus=a100:1" in after
    told = (workplace.folder / "logs/reduced/train/kto.0.log").read_text()
    assert "kto, seed 0: goes on after step " in told
    assert len(pd.read_csv(workplace.folder / CHECKPOINTS / "kto/seed0/training_log.csv")) == 160
    assert not list(workplace.folder.glob("results/reduced/scratch/*/step-*"))
    record = json.loads((workplace.folder / f"{target}.prov.json").read_text())["surroundings"]["slurm"]
    assert (record["job_id"], record["attempt"]) == (second["JobId"], "2")


def test_impossible_request_names_the_rule(workplace, whole_run):
    workplace.give_gpus("gpu: 64")
    config = workplace.write_config("more.yaml", seeds=[1])
    target = f"{CHECKPOINTS}/dpo/seed1/model.safetensors"
    done = workplace.run(*workplace.snakemake(target, "--configfile", config), timeout=800)
    assert done.returncode != 0
    assert "Error in rule train_policy:" in done.stdout
    assert "Requested node configuration is not available" in done.stdout and "--gpus=a100:64" in done.stdout


def test_two_nodes(workplace, whole_run):
    """One process on each of two nodes, through `mpi`."""
    extra = shlex.quote("--gpus-per-node=a100:1 --ntasks-per-node=1")
    asked = ("gpu: 2", "nodes: 2", "mpi: srun", "tasks: 2", "tasks_per_gpu: 0", f'slurm_extra: "{extra}"')
    workplace.give_gpus(*asked, "slurm_partition: both")
    config = workplace.write_config("more.yaml", seeds=[2])
    target = f"{CHECKPOINTS}/dpo/seed2/model.safetensors"
    done = workplace.run(*workplace.snakemake(target, "--configfile", config), timeout=800)
    assert done.returncode == 0, done.stdout[-6000:]
    job = workplace.jobs("train_policy")[-1]
    assert (job["NumNodes"], job["TresPerJob"], job["NodeList"]) == ("2", "gres:gpu:a100:2", "first,second")
    assert len(pd.read_csv(workplace.folder / CHECKPOINTS / "dpo/seed2/training_log.csv")) == 2


def test_preflight_of_this_cluster(workplace):
    """It runs on this Slurm: accounting is off, and the A100s are files."""
    config = workplace.write_config("reduced.yaml")
    plain = workplace.folder / "plain"
    plain.mkdir(exist_ok=True)
    (plain / "config.yaml").write_text(workplace.profile)
    done = workplace.run(
        "prefclip", "preflight", "slurm", "--profile", "plain", "--config", config, "--json", timeout=400
    )
    found = {finding["check"]: finding for finding in json.loads(done.stdout)}
    assert done.returncode == 1
    assert found["accounting"]["state"] == "wrong" and "slurm-status-command: squeue" in found["accounting"]["remedy"]
    gpu_rules = next(check for check in found if check.startswith("GPUs (cache_reference"))
    assert found[gpu_rules]["what"] == "1 × a100, up to 8 in a node"
    assert found["job"]["state"] == "ok" and found["shared files"]["state"] == "ok"
    assert found["GPUs in a job"]["state"] == "wrong" and "Slurm granted 1" in found["GPUs in a job"]["what"]
    wrong = {check for check, finding in found.items() if finding["state"] == "wrong"}
    assert wrong - {"room"} == {"accounting", "GPUs in a job"}  # how full this machine's disk is, is no part of it
    assert not list(workplace.folder.glob("results/.preflight*"))


def _wait_for(condition, process, seconds: float = 600) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.2)
