"""What Slurm is asked for: stand-ins for its programs note every submission of `snakemake --profile slurm all`."""

import re
import shlex
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
RULES = "\n".join(path.read_text() for path in sorted((ROOT / "workflow/rules").glob("*.smk")))
# One line for each rule: what follows `sbatch`, without the job's name, log, comment, folder and command.
EXPECTED = Path(__file__).with_name("submission_lines.txt")
QUICKLY = ("--latency-wait", "5", "--slurm-init-seconds-before-status-checks", "1")
POLICY = "results/paper/checkpoints/ViT-B-32-quickgelu/dpo/seed0/model.safetensors"


def submission(words: list[str]) -> str:
    """The part of a submission that asks for something."""
    kept, words = [], list(words)
    while words:
        word = words.pop(0)
        if word in ("--job-name", "--output", "--comment", "-D"):
            words.pop(0)
        elif word not in ("--parsable", "--export=ALL") and not word.startswith("--wrap="):
            kept.append(word)
    return shlex.join(kept)


def lines_of(stand_ins) -> str:
    """A line for each rule; several where its jobs differ."""
    return "".join(sorted({f"{job['rule']}: {submission(job['words'])}\n" for job in stand_ins.jobs()}))


def snakemake(submitting, stand_ins, *words):
    """Run as `--profile slurm`; returns the rules and what was printed."""
    summary, plan = (submitting.run("snakemake", "--profile", "slurm", *words, way) for way in ("--summary", "-n"))
    rules = stand_ins.learn_outputs(summary.stdout, plan.stdout, submitting.folder)
    done = submitting.run("snakemake", "--profile", "slurm", *words, *QUICKLY)
    assert done.returncode == 0, done.stdout[-4000:]
    return rules, done.stdout


def test_every_rule_of_the_papers_run(submitting, stand_ins):
    rules, _ = snakemake(submitting, stand_ins, "all")
    local = {
        name
        for names in re.findall(r"^localrules:\n((?:    \w+,\n)+)", RULES, flags=re.M)
        for name in re.findall(r"\w+", names)
    }
    assert {"make_table", "draw_figure"} <= local
    assert {job["rule"] for job in stand_ins.jobs()} == rules - local
    assert (submitting.folder / "results/paper/tables/typographic.md").exists()
    assert lines_of(stand_ins) == EXPECTED.read_text()


def test_one_command_starts_each_training(submitting):
    """One GPU needs no launcher; the stage's own command line is the same in all cases."""
    plain = submitting.run("snakemake", "--profile", "slurm", "--dry-run", POLICY).stdout
    command = "prefclip train results/paper dpo --seed 0 --threads 1 > logs/paper/train/"
    assert f"\n        {command}" in plain or f"Shell command: {command}" in plain


def test_eight_gpus_of_one_node(submitting, stand_ins):
    submitting.change_profile("# gpu: 8 ", "gpu: 8 ")
    _, printed = snakemake(submitting, stand_ins, POLICY)
    assert "torchrun --standalone --nproc-per-node=8 --no-python prefclip train results/paper dpo --seed 0" in printed
    asked = dict(line.split(": ", 1) for line in lines_of(stand_ins).splitlines())
    assert "--nodes=1" in asked["train_policy"] and asked["train_policy"].endswith("--gpus=a100:8")
    assert asked["cache_reference"].endswith("--gpus=a100:1")


def test_two_nodes(submitting, stand_ins):
    for line in ("gpu: 16 ", "nodes: 2", "mpi: srun", "tasks: 2 ", "tasks_per_gpu: 0", "slurm_extra: "):
        submitting.change_profile(f"# {line}", line)
    _, printed = snakemake(submitting, stand_ins, POLICY)
    assert "srun --nodes=2 --ntasks=2 --ntasks-per-node=1 " in printed
    assert "torchrun --nnodes=2 --nproc-per-node=8 --rdzv-backend=c10d" in printed
    asked = dict(line.split(": ", 1) for line in lines_of(stand_ins).splitlines())["train_policy"].split()
    # Without --gpus-per-node Slurm may share 16 GPUs unevenly.
    assert {"--nodes=2", "--ntasks=2", "--gpus=a100:16", "--cpus-per-gpu=8", "--gpus-per-node=a100:8"} <= set(asked)
    assert not any(word.startswith("--ntasks-per-gpu") for word in asked)


def test_a_rehearsal_asks_for_one_cpu_and_no_gpu(submitting, stand_ins):
    target = "results/rehearsal/checkpoints/ViT-tiny-32-quickgelu/dpo/seed0/model.safetensors"
    snakemake(submitting, stand_ins, target, "--configfile", "config/paper.yaml", "config/rehearsal.yaml")
    asked = dict(line.split(": ", 1) for line in lines_of(stand_ins).splitlines())
    assert asked["train_policy"] == "-p gpu -t 120 --mem 3000 --ntasks=1 --cpus-per-task=1"
    assert asked["build_manifest"].endswith("--cpus-per-task=1")
    assert not any("--gpus" in line for line in asked.values())


def test_another_configuration_replaces_the_papers(submitting):
    submitting.write_config("reduced.yaml")
    listed = submitting.run("snakemake", "--profile", "slurm", "--summary", "--configfile", "reduced.yaml").stdout
    assert "results/reduced/tables/typographic.md" in listed and "results/paper" not in listed


def test_later_attempts_get_more_memory_and_time_but_no_other_gpus(submitting, stand_ins):
    stand_ins.refuse({"train_policy": 2})
    _, printed = snakemake(submitting, stand_ins, POLICY)
    assert "Error in rule train_policy" in printed and "sbatch: error: not this time" in printed
    asked = [submission(job["words"]).split() for job in stand_ins.jobs() if job["rule"] == "train_policy"]
    values = [(words[words.index("--mem") + 1], words[words.index("-t") + 1], words[-1]) for words in asked]
    assert values == [
        ("32000", "240", "--gpus=a100:1"),
        ("64000", "480", "--gpus=a100:1"),
        ("96000", "720", "--gpus=a100:1"),
    ]


def test_sites_edit_three_lines():
    """Account, partition and constraint stand together at the top, and nowhere else."""
    text = (ROOT / "slurm/config.yaml").read_text()
    top, edited, rest = re.split(r"^# -{40,}.*\n|^# ---- .*\n", text, flags=re.M)
    assert [line.split(":")[0].strip(" #") for line in edited.splitlines()] == [
        "default-resources",
        "slurm_partition",
        "slurm_account",
        "constraint",
    ]
    assert edited in (ROOT / "README.md").read_text()
    assert not re.search(r"^ *(slurm_partition|slurm_account|constraint):", top + rest, flags=re.M)
    uncommented = text.replace("  # slurm_account:", "  slurm_account:").replace("  # constraint:", "  constraint:")
    resources = yaml.safe_load(uncommented)["default-resources"]
    assert {"slurm_partition", "slurm_account", "constraint", "mem_mb", "runtime"} <= set(resources)


def test_rules_say_nothing_of_a_site():
    """GPU models, partitions and nodes are the profile's business; a rule asks for `gpu` at most."""
    blocks = re.findall(r"^    resources:\n((?:        .+\n)+)", RULES, flags=re.M)
    assert set(re.findall(r"^ +(\w+)=", "".join(blocks), flags=re.M)) == {"gpu", "mem_mb", "runtime"}


def test_every_rule_with_a_gpu_asks_for_an_a100():
    """Also rules that `all` of the paper's configuration does not need, and those that are variants of others."""
    blocks = re.split(r"^(?=rule \w+:|use rule \w+ as \w+ with:)", RULES, flags=re.M)[1:]
    bases = {}
    for block in blocks:
        base, name = re.match(r"(?:use rule (\w+) as|rule) (\w+)", block).groups()
        bases[name] = base or bool(re.search(r"^        gpu=", block, flags=re.M))
    with_gpu = set()
    for name, base in bases.items():
        while isinstance(base, str):
            base = bases[base]
        if base:
            with_gpu.add(name)
    profile = yaml.safe_load((ROOT / "slurm/config.yaml").read_text())["set-resources"]
    assert with_gpu >= {"cache_reference", "train_policy", "train_policy_without_averaging", "evaluate_model"}
    assert {name for name in with_gpu if profile.get(name, {}).get("gpu_model") != "a100"} == set()
