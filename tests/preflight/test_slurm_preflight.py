"""`prefclip preflight slurm` against stand-ins for Slurm's programs, sound ones first and then broken one by one."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from prefclip.preflight.commands import preflight_app
from prefclip.preflight.inside_job import TOKEN, report
from prefclip.preflight.slurm_queries import ask, node_groups

ROOT = Path(__file__).resolve().parents[2]
NODES = """\
cpu|up|1-00:00:00|20|64|256000|(null)|avx512
gpu*|up|2-00:00:00|4|128+|512000|gpu:a100:8(S:0-1)|nvlink,ib
old|down|infinite|2|32|128000|gpu:v100:4|(null)"""
ANSWERS = {
    "sinfo": NODES,
    "scontrol": "Slurmctld(primary) at head is UP\nMinJobAge = 300 sec\nEnforcePartLimits = ALL",
    "sacct": "",
    "sacctmgr": "my_project\nother_project",
    "squeue": "COMPLETED|None",
    "srun": "",
    "scancel": "",
}
# Takes any request, and plays the job: a report of what a node with one A100 sees.
SBATCH = """\
#!/bin/sh
case "$*" in *--test-only*) echo "sbatch: Job 1 to start at once" >&2; exit 0 ;; esac
for word do last=$word; done
place=${last##* }
read -r token < "$place/token.txt"
printf '{"host": "node1", "token": "%s", "gpus_of_slurm": "1", "visible": "0", "error": "", ' "$token" > "$place/report"
printf '"torch": "2.8", "cuda": "12.8", "gpus": ["NVIDIA A100-SXM4-40GB"]}\\n' >> "$place/report"
while read -r line; do echo "$line"; done < "$place/report" > "$place/report.json"
echo 17
"""


class Site:
    """A cluster made of stand-ins, the only programs there are, and a profile for it."""

    def __init__(self, folder: Path):
        self.folder, self.programs = folder, folder / "programs"
        self.programs.mkdir()
        (self.programs / "sh").symlink_to(shutil.which("sh"))
        for name, text in ANSWERS.items():
            self.answer(name, text)
        self.script("sbatch", SBATCH)
        self.profile = yaml.safe_load((ROOT / "slurm/config.yaml").read_text())
        self.profile["configfile"] = "run.yaml"
        self.resources = self.profile["default-resources"]
        values = yaml.safe_load((ROOT / "config/embedded.yaml").read_text())
        values["data"]["root"] = str(ROOT / values["data"]["root"])
        values["model"]["weights"] = str(ROOT / values["model"]["weights"])
        values["tuned"] = str(ROOT / values["tuned"])
        self.config = values

    def answer(self, name: str, text: str, code: int = 0) -> None:
        """Let a program print a text, an error if it ends with a code."""
        (self.folder / f"{name}.txt").write_text(f"{text}\n")
        line = f'while read -r line; do echo "$line"{" >&2" if code else ""}; done < {self.folder}/{name}.txt'
        self.script(name, f"#!/bin/sh\n{line}\nexit {code}\n")

    def script(self, name: str, text: str) -> None:
        """Write a program."""
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def findings(self, *options: str) -> dict[str, dict]:
        """Findings by check, rules left out; the exit code says whether one is wrong."""
        (self.folder / "config.yaml").write_text(yaml.safe_dump(self.profile))
        (self.folder / "run.yaml").write_text(yaml.safe_dump(self.config))
        done = CliRunner().invoke(preflight_app, ["--profile", "config.yaml", "--json", *options])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        found = json.loads(done.stdout)
        assert done.exit_code == int(any(finding["state"] == "wrong" for finding in found))
        assert all(finding["remedy"] for finding in found if finding["state"] != "ok")
        return {finding["check"].split(" (cache_reference")[0]: finding for finding in found}


@pytest.fixture
def site(tmp_path, monkeypatch):
    site = Site(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(site.programs))
    monkeypatch.setattr("prefclip.preflight.probe_job.POLL_S", 0.01)
    monkeypatch.setattr("prefclip.preflight.probe_job.LATENCY_S", 0.1)
    free_space(monkeypatch, 10**12)
    return site


def free_space(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    """Let every disk have so many bytes free: what this machine's has is no part of a test."""
    usage = shutil.disk_usage("/")._replace(free=free)
    monkeypatch.setattr("prefclip.preflight.run_files.shutil.disk_usage", lambda _: usage)


def wrong(findings: dict[str, dict]) -> list[str]:
    return [check for check, finding in findings.items() if finding["state"] == "wrong"]


def test_sound_cluster(site):
    found = site.findings()
    assert {finding["state"] for finding in found.values()} == {"ok"}
    assert found["partition"]["what"] == "gpu: 4 nodes, up to 128 CPUs, 500 GB, at most 2-00:00:00"
    assert found["GPUs in a job"]["what"] == "NVIDIA A100-SXM4-40GB"
    assert list(site.folder.glob("results/.preflight*")) == []


def test_words(site):
    site.findings()
    site.answer("sacct", "Slurm accounting storage is disabled", 1)
    done = CliRunner().invoke(preflight_app, ["--profile", "config.yaml", "--no-job"])
    assert done.exit_code == 1
    assert "wrong   accounting: sacct does not work (Slurm accounting storage is disabled)" in done.stdout
    assert "        → set `slurm-status-command: squeue` in config.yaml" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 wrong, 0 to look at, of ")


def test_no_slurm_at_all(site):
    for path in site.programs.iterdir():
        path.unlink()
    found = site.findings()
    assert wrong(found) == ["programs"]
    assert "sbatch, srun, squeue" in found["programs"]["what"] and "login node" in found["programs"]["remedy"]
    assert found["weights"]["state"] == "ok" and "partition" not in found


def test_controller_down(site):
    site.answer("scontrol", "Slurmctld(primary) at head is DOWN")
    assert wrong(site.findings()) == ["controller"]


@pytest.mark.parametrize(
    ("resource", "value", "check", "message", "remedy"),
    [
        ("slurm_partition", "gpus", "partition", "gpus does not exist", "one of: cpu, gpu, old"),
        ("slurm_partition", "old", "partition", "old is down", "wait until it is up"),
        ("slurm_partition", "cpu", "GPUs", "no node of cpu has any", "partitions with GPUs: gpu, old"),
        ("constraint", "nvlnk", "constraint", "no node here has the feature nvlnk", "use one of: ib, nvlink"),
        ("slurm_account", "mine", "account", "you have no account mine", "one of: my_project, other_project"),
    ],
)
def test_lines_that_a_site_edits(site, resource, value, check, message, remedy):
    site.resources[resource] = value
    found = site.findings()
    assert set(wrong(found)) <= {check, f"{check} (jobs without GPUs)"} and check in found
    assert message in found[check]["what"] and remedy in found[check]["remedy"]


def test_lines_that_are_right(site):
    site.resources |= {"slurm_account": "My_Project", "constraint": "nvlink"}
    assert wrong(site.findings()) == []


@pytest.mark.parametrize(
    ("change", "message", "remedy"),
    [
        ({"gpu_model": "h100"}, "there is no gpu:h100 here", "set gpu_model in the profile to one of: a100"),
        ({"gpu": 16}, "16 × a100, but no node has more than 8", "at most 8, or use more nodes"),
        ({"gpu": 8, "cpus_per_gpu": 32}, "32 CPUs for each of 8 GPUs are more than a node's 128", "at most 16"),
    ],
)
def test_gpus_that_are_not_there(site, change, message, remedy):
    for rule in site.profile["set-resources"].values():
        rule |= change
    found = site.findings()
    assert wrong(found) == ["GPUs"] and "job" not in found
    assert message in found["GPUs"]["what"] and remedy in found["GPUs"]["remedy"]


def test_slurm_has_the_last_word(site):
    site.answer("sbatch", "allocation failure: Invalid qos specification", 1)
    found = site.findings()
    assert wrong(found) == ["request (jobs without GPUs)", "request"]
    assert (
        "Invalid qos specification (sbatch -p gpu --gpus=a100:1 --nodes=1 --cpus-per-gpu=8)" in found["request"]["what"]
    )


class TestAccounting:
    def test_squeue_instead(self, site):
        site.answer("sacct", "Slurm accounting storage is disabled", 1)
        site.profile["slurm-status-command"] = "squeue"
        found = site.findings()
        assert wrong(found) == [] and "it knows ended jobs for 300 s" in found["accounting"]["what"]

    def test_squeue_that_forgets(self, site):
        site.profile["slurm-status-command"] = "squeue"
        site.answer("scontrol", ANSWERS["scontrol"].replace("300", "60"))
        found = site.findings()["accounting"]
        assert found["state"] == "warning" and "slurm-init-seconds-before-status-checks: 10" in found["remedy"]

    def test_account_where_there_are_none(self, site):
        site.answer("sacct", "Slurm accounting storage is disabled", 1)
        site.profile["slurm-status-command"] = "squeue"
        site.resources["slurm_account"] = "my_project"
        found = site.findings()
        assert wrong(found) == ["account"] and "remove slurm_account" in found["account"]["remedy"]

    def test_limits_that_are_not_enforced(self, site):
        site.answer("scontrol", ANSWERS["scontrol"].replace("= ALL", "= NO"))
        assert site.findings()["limits"]["state"] == "warning"


class TestJob:
    def test_busy_cluster(self, site):
        site.script("sbatch", SBATCH.replace("read -r token", "echo 17; exit\nread -r token"))
        site.answer("squeue", "PENDING|Resources")
        site.script("scancel", f"#!/bin/sh\necho $1 > {site.folder}/cancelled\n")
        found = site.findings("--wait", "1")["job"]
        assert found["state"] == "warning" and "still pending after 1 s (Resources)" in found["what"]
        assert (site.folder / "cancelled").read_text() == "17\n"

    def test_folder_that_is_not_shared(self, site):
        site.script("sbatch", SBATCH.replace("read -r token", "echo 17; exit\nread -r token"))
        found = site.findings()
        assert wrong(found) == ["shared files"]
        assert "login and compute nodes share" in found["shared files"]["remedy"]

    def test_environment_that_is_not_there(self, site):
        lines = "echo 'sh: python: No such file or directory' > $place/job.log; echo 17; exit\nread -r token"
        site.script("sbatch", SBATCH.replace("read -r token", lines))
        site.answer("squeue", "FAILED|NonZeroExitCode")
        found = site.findings()
        assert wrong(found) == ["job"] and "ended (failed): sh: python: No such file" in found["job"]["what"]

    def test_another_folder_of_the_same_name(self, site):
        site.script("sbatch", SBATCH.replace('"%s"', '"x%s"'))
        assert wrong(site.findings()) == ["shared files"]

    @pytest.mark.parametrize(
        ("before", "after", "message"),
        [
            ('["NVIDIA A100-SXM4-40GB"]', "[]", "asked for 1, Slurm granted 1, torch sees 0 (CUDA_VISIBLE_DEVICES=0)"),
            ('"12.8", "gpus": ["NVIDIA A100-SXM4-40GB"]', 'null, "gpus": []', "torch 2.8 is built without CUDA"),
            ('"error": ""', '"error": "RuntimeError: driver too old"', "RuntimeError: driver too old"),
        ],
    )
    def test_gpus_that_torch_does_not_see(self, site, before, after, message):
        assert before in SBATCH
        site.script("sbatch", SBATCH.replace(before, after))
        found = site.findings()
        assert wrong(found) == ["GPUs in a job"] and message in found["GPUs in a job"]["what"]

    def test_left_out(self, site):
        assert "job" not in site.findings("--no-job")

    def test_what_a_node_reports(self, tmp_path):
        (tmp_path / TOKEN).write_text("abc")
        found = report(tmp_path)
        assert found["token"] == "abc" and found["torch"] and found["host"] and isinstance(found["gpus"], list)


class TestRunFiles:
    def test_missing_weights_file(self, site):
        site.config["model"]["weights"] = "no.safetensors"
        found = site.findings("--no-job")
        assert wrong(found) == ["weights"] and "no.safetensors: no such weights file" in found["weights"]["what"]

    def test_tag_that_is_not_in_the_cache(self, site, monkeypatch):
        monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: None)
        site.config["model"] = {"name": "ViT-B-32-quickgelu", "weights": "openai", "image_size": 224}
        found = site.findings("--no-job")
        assert wrong(found) == ["weights"] and "run `hf download timm/" in found["weights"]["remedy"]

    def test_tag_that_does_not_exist(self, site):
        site.config["model"] = {"name": "ViT-B-32-quickgelu", "weights": "opnai", "image_size": 224}
        assert "neither a file nor a tag" in site.findings("--no-job")["weights"]["what"]

    def test_data_to_place_by_hand_and_to_fetch(self, site):
        site.config["data"] = {"source": "downloaded", "root": "data", "train": "imagenet100", "zero_shot": ["food101"]}
        site.config["data"]["bias"] = []
        site.config |= {"sweeps": {}, "concepts": {}}
        found = site.findings("--no-job")
        assert wrong(found) == ["data (imagenet100)"] and found["data"]["what"] == "to be fetched: food101"
        assert "prefclip datasets fetch imagenet100 --root data" in found["data (imagenet100)"]["remedy"]

    def test_damaged_checkout(self, site):
        site.config["data"]["root"] = "nowhere"
        assert wrong(site.findings("--no-job")) == ["data"]

    def test_full_disk(self, site, monkeypatch):
        free_space(monkeypatch, 10**9)
        found = site.findings("--no-job")
        assert wrong(found) == ["room"] and found["room"]["what"].startswith(
            "1 GB free, about 6 GB still to be written"
        )


class TestProfiles:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (None, "no such profile; run this in the repository"),
            ("a: [", "not a readable YAML file"),
            ("- a", "expected a mapping of Snakemake's options"),
            ("set-resources: 3", "set-resources has to be a mapping"),
            ("default-resources: 3", "resources have to be a mapping"),
        ],
    )
    def test_damaged(self, tmp_path, text, message):
        from prefclip.preflight.site_profile import ProfileError, read_profile

        if text is not None:
            (tmp_path / "config.yaml").write_text(text)
        with pytest.raises(ProfileError, match=message):
            read_profile(tmp_path)

    def test_list_of_pairs(self, tmp_path):
        from prefclip.preflight.site_profile import read_profile

        (tmp_path / "config.yaml").write_text("default-resources: [slurm_partition=gpu, mem_mb=1]")
        (request,) = read_profile(tmp_path).requests
        assert request.options() == ["-p", "gpu"]


def test_program_that_does_not_answer(site):
    site.script("sinfo", "#!/bin/sh\nwhile :; do :; done\n")
    answer = ask(["sinfo"], within_s=0.2)
    assert "did not answer within" in answer.message
    site.answer("sinfo", "nonsense")
    assert node_groups()[0] == []
