"""Questions to Slurm that need no job: programs, partitions, GPUs, account, accounting."""

import getpass
import importlib.metadata
import shutil
from collections.abc import Iterator

from prefclip.preflight.findings import Finding, ok, warning, wrong
from prefclip.preflight.site_profile import JobRequest, SiteProfile
from prefclip.preflight.slurm_queries import NodeGroup, ask, controller_settings, node_groups

PROGRAMS = ("sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo", "sacct")
PLUGIN = "snakemake-executor-plugin-slurm"
# The plugin first looks after 40 s and then more and more rarely; squeue must still know a job that has ended.
SHORTEST_MEMORY_S = 120


def check_programs() -> Finding:
    """Slurm's commands are here."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if not missing:
        return ok("programs", f"{', '.join(PROGRAMS)} found")
    mend = "run this on a login node of the cluster; there `module load slurm` may be needed"
    return wrong("programs", f"{', '.join(missing)} not found", f"{mend} (Debian's package is slurm-client)")


def check_plugin() -> Finding:
    """Snakemake can submit jobs."""
    try:
        return ok("plugin", f"{PLUGIN} {importlib.metadata.version(PLUGIN)}")
    except importlib.metadata.PackageNotFoundError:
        return wrong("plugin", f"{PLUGIN} is not installed", "install the lock file, or `pip install '.[slurm]'`")


def check_controller() -> Finding:
    """slurmctld answers."""
    answer = ask(["scontrol", "ping"])
    if answer.code == 0 and " UP" in answer.text:
        return ok("controller", answer.text.strip().splitlines()[0])
    return wrong("controller", answer.message, "the cluster's Slurm is down or not reachable from here; ask its staff")


def check_requests(profile: SiteProfile) -> Iterator[Finding]:
    """Partition, GPUs and constraint of every kind of job exist, and Slurm would take such a job."""
    groups, answer = node_groups()
    if answer.code:
        yield wrong("partition", answer.message, "sinfo has to answer; ask the cluster's staff")
        return
    for request in profile.requests:
        name = request.partition
        mine = [group for group in groups if (group.partition == name if name else group.is_default)]
        findings = [_partition(request, mine, groups)]
        if findings[0].state != "wrong":
            found = (_gpus(request, mine, groups), _constraint(request, mine))
            findings += [finding for finding in found if finding]
        yield from findings
        if all(finding.state != "wrong" for finding in findings):
            yield _would_be_taken(request)


def _partition(request: JobRequest, mine: list[NodeGroup], groups: list[NodeGroup]) -> Finding:
    check = f"partition ({request.title})"
    known = ", ".join(dict.fromkeys(group.partition for group in groups)) or "none"
    mend = f"set slurm_partition in the profile to one of: {known}"
    if not mine:
        what = f"{request.partition} does not exist" if request.partition else "none is given and none is the default"
        return wrong(check, what, mend)
    if not any(group.is_up for group in mine):
        return wrong(check, f"{mine[0].partition} is down", f"{mend}, or wait until it is up")
    nodes = sum(group.nodes for group in mine)
    cpus, memory = max(group.cpus for group in mine), max(group.memory_mb for group in mine)
    limit = "no time limit" if mine[0].time_limit == "infinite" else f"at most {mine[0].time_limit}"
    return ok(check, f"{mine[0].partition}: {nodes} nodes, up to {cpus} CPUs, {memory // 1024} GB, {limit}")


def _gpus(request: JobRequest, mine: list[NodeGroup], groups: list[NodeGroup]) -> Finding | None:
    if not request.gpus:
        return None
    check = f"GPUs ({request.title})"
    wanted = f"{request.gpus} × {request.gpu_model or 'any model'}"
    models: dict[str, int] = {}
    for group in mine:
        for model, count in group.gpus.items():
            models[model] = max(count, models.get(model, 0))
    most = max(models.values(), default=0) if not request.gpu_model else models.get(request.gpu_model, 0)
    if not models:
        where = ", ".join(dict.fromkeys(group.partition for group in groups if group.gpus)) or "none"
        what = f"no node of {request.partition or 'the partition'} has any"
        return wrong(check, what, f"set slurm_partition in the profile; partitions with GPUs: {where}")
    if request.gpu_model and request.gpu_model not in models:
        named = ", ".join(model for model in models if model)
        mend = f"set gpu_model in the profile to one of: {named}" if named else "remove the line gpu_model"
        return wrong(check, f"there is no gpu:{request.gpu_model} here", mend)
    if most < request.gpus:
        mend = f"set gpu to at most {most}, or use more nodes"
        return wrong(check, f"{wanted}, but no node has more than {most}", mend)
    cores = max(group.cpus for group in mine if group.gpus)
    if request.cpus_per_gpu * request.gpus > cores:
        what = f"{request.cpus_per_gpu} CPUs for each of {request.gpus} GPUs are more than a node's {cores}"
        return wrong(check, what, f"set cpus_per_gpu in the profile to at most {max(1, cores // request.gpus)}")
    return ok(check, f"{wanted}, up to {most} in a node")


def _constraint(request: JobRequest, mine: list[NodeGroup]) -> Finding | None:
    if not request.constraint or not request.constraint.replace("_", "").replace("-", "").isalnum():
        return None  # none, or an expression that only Slurm can read
    features = sorted(set().union(*(group.features for group in mine)))
    check = f"constraint ({request.title})"
    if request.constraint in features:
        return ok(check, request.constraint)
    mend = f"use one of: {', '.join(features)}" if features else "remove the line constraint: no node has features"
    return wrong(check, f"no node here has the feature {request.constraint}", mend)


def _would_be_taken(request: JobRequest) -> Finding:
    """Ask sbatch without submitting anything."""
    answer = ask(["sbatch", "--test-only", *request.options(), "--time=5", "--wrap", "true"])
    check = f"request ({request.title})"
    if answer.code == 0:
        return ok(check, answer.message.removeprefix("sbatch: "))
    what = f"Slurm refuses it: {answer.message} (sbatch {' '.join(request.options())})"
    return wrong(check, what, "mend the account, partition or constraint in the profile")


def check_accounting(profile: SiteProfile) -> Iterator[Finding]:
    """Job states can be asked for, by sacct or by squeue; the account exists."""
    answer = ask(["sacct", "-X", "-n", "-S", "now-1hour", "-o", "JobIDRaw,State"])
    squeue_chosen = profile.status_command == "squeue"
    if answer.code and not squeue_chosen:
        what = f"sacct does not work ({answer.message}), so Snakemake would never see a job end"
        yield wrong("accounting", what, f"set `slurm-status-command: squeue` in {profile.path}")
    elif answer.code or squeue_chosen:
        yield _memory_of_squeue(answer.message if answer.code else "")
    else:
        yield ok("accounting", "sacct answers")
    yield from _accounts(profile, disabled=bool(answer.code))


def _memory_of_squeue(reason: str) -> Finding:
    age = controller_settings().get("MinJobAge", "")
    seconds = int(digits) if (digits := age.split(" ")[0]).isdigit() else 0
    found = "squeue is asked for job states" + (f" ({reason})" if reason else "")
    if seconds >= SHORTEST_MEMORY_S:
        return ok("accounting", f"{found}; it knows ended jobs for {seconds} s")
    what = f"{found}, but MinJobAge is {age or 'not known'}: it may forget a job before Snakemake looks"
    mend = "set `slurm-init-seconds-before-status-checks: 10` in the profile, or ask for a MinJobAge of"
    return warning("accounting", what, f"{mend} {SHORTEST_MEMORY_S} s or more")


def _accounts(profile: SiteProfile, disabled: bool) -> Iterator[Finding]:
    for account in dict.fromkeys(request.account for request in profile.requests if request.account):
        if disabled:
            what = f"{account} is given, but this cluster keeps no accounts, and the plugin insists on checking it"
            yield wrong("account", what, f"remove slurm_account from {profile.path}")
            continue
        answer = ask(["sacctmgr", "-n", "-s", "list", "user", getpass.getuser(), "format=account%256"])
        known = sorted(set(answer.text.split()))
        if answer.code or not known:
            yield warning("account", f"{account} could not be checked ({answer.message})", "see that it is spelt right")
        elif account.lower() in (name.lower() for name in known):
            yield ok("account", account)
        else:
            yield wrong("account", f"you have no account {account}", f"set slurm_account to one of: {', '.join(known)}")


def check_limits() -> Finding:
    """Whether Slurm refuses a job beyond its limits, or lets it wait for ever."""
    enforced = controller_settings().get("EnforcePartLimits", "NO")
    if enforced.upper() in ("ALL", "ANY", "YES"):
        return ok("limits", "a job beyond a limit is refused at once")
    what = f"EnforcePartLimits is {enforced}: a job beyond a partition's limit waits for ever instead of failing"
    mend = "look at the reason in `squeue --me` if a job does not start (PartitionTimeLimit, PartitionNodeLimit)"
    return warning("limits", what, mend)
