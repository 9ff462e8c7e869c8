"""One small job that asks for what the GPU rules ask for, and says what it sees on its node."""

import json
import secrets
import shlex
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from prefclip.preflight.findings import Finding, ok, warning, wrong
from prefclip.preflight.inside_job import REPORT, TOKEN
from prefclip.preflight.site_profile import JobRequest
from prefclip.preflight.slurm_queries import NO_ANSWER, ask

POLL_S = 1.0
# How long a network file system may take to show a file that another machine has written.
LATENCY_S = 20.0
MEMORY_MB = 8000
WAITING = ("PENDING", "CONFIGURING", "RUNNING", "COMPLETING")


def check_job(request: JobRequest, folder: Path, wait_s: float) -> Iterator[Finding]:
    """Submit a job, wait for its report in ``folder``, and judge it; the job is gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".preflight-", dir=folder, ignore_cleanup_errors=True) as place:
        yield from _judged(request, Path(place).resolve(), wait_s)


def _judged(request: JobRequest, place: Path, wait_s: float) -> Iterator[Finding]:
    token = secrets.token_hex(16)
    (place / TOKEN).write_text(token, encoding="utf-8")
    command = shlex.join([sys.executable, "-m", "prefclip.preflight.inside_job", str(place)])
    options = [*request.options(), "--job-name=prefclip-preflight", "--time=5", f"--mem={MEMORY_MB}"]
    submitted = ask(
        ["sbatch", "--parsable", f"--output={place / 'job.log'}", *options, f"--chdir={Path.cwd()}", "--wrap", command]
    )
    number = submitted.text.strip().split(";")[0]
    if submitted.code or not number.isdigit():
        mend = "mend account, partition or constraint in the profile"
        yield wrong("job", f"sbatch refuses it: {submitted.message} (sbatch {' '.join(options)})", mend)
        return
    started = time.monotonic()
    try:
        state, reason = _wait(number, place / REPORT, wait_s)
    finally:
        if not (place / REPORT).exists():
            ask(["scancel", number])
    if (place / REPORT).exists():
        seen = json.loads((place / REPORT).read_text(encoding="utf-8"))
        yield ok("job", f"job {number} ran on {seen['host']}, {time.monotonic() - started:.0f} s after its submission")
        yield from _seen(seen, token, request)
    elif state in WAITING:
        what = f"job {number} was still {state.lower()} after {wait_s:.0f} s ({reason}) and was cancelled"
        mend = "the cluster is busy: try again with a longer --wait; --no-job leaves this check out"
        yield warning("job", what, mend)
    else:
        yield _without_report(number, state, place)


def _wait(number: str, report: Path, wait_s: float) -> tuple[str, str]:
    """Wait for the report or the job's end; returns the state and reason that Slurm told last."""
    deadline = time.monotonic() + wait_s
    state, reason, ended = "PENDING", "not started", None
    while not report.exists():
        told = ask(["squeue", "-h", "-j", number, "--states=all", "-o", "%T|%r"])
        if told.code == 0 and "|" in told.text:
            state, reason = told.text.strip().splitlines()[0].split("|", 1)
        elif told.code != NO_ANSWER and state in WAITING:
            state = "ENDED"  # Slurm has forgotten the job
        now = time.monotonic()
        ended = None if state in WAITING else ended or now
        if now > deadline if ended is None else now - ended > LATENCY_S:
            break
        time.sleep(POLL_S)
    return state, reason


def _without_report(number: str, state: str, place: Path) -> Finding:
    log = place / "job.log"
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    ended = f"job {number} ended ({state.lower()})"
    if lines:
        mend = f"the node has to see this environment ({sys.prefix}) and this folder under the same names"
        return wrong("job", f"{ended}: {lines[-1]}", mend)
    mend = "put the repository and its environment on a disk that login and compute nodes share"
    return wrong("shared files", f"{ended}, but nothing it wrote in {place.parent} arrived here", mend)


def _seen(seen: dict, token: str, request: JobRequest) -> Iterator[Finding]:
    if seen["token"] == token:
        yield ok("shared files", f"{seen['host']} reads and writes this folder")
    else:
        mend = "put the repository on a disk that login and compute nodes share"
        yield wrong("shared files", f"{seen['host']} reads another content than was written here", mend)
    if not request.gpus:
        return
    granted, found = seen["gpus_of_slurm"], seen["gpus"]
    if seen["error"]:
        mend = "see that the driver fits the installed torch (`nvidia-smi` in a job), and the environment the lock file"
        yield wrong("GPUs in a job", seen["error"], mend)
    elif len(found) == request.gpus:
        yield ok("GPUs in a job", ", ".join(sorted(set(found))) + (f" × {len(found)}" if len(found) > 1 else ""))
    elif not found and seen["cuda"] is None:
        what = f"torch {seen['torch']} is built without CUDA (Slurm granted {granted} GPUs)"
        yield wrong("GPUs in a job", what, "install a torch with CUDA in this environment")
    else:
        yield wrong(
            "GPUs in a job",
            f"asked for {request.gpus}, Slurm granted {granted}, torch sees {len(found)} "
            f"(CUDA_VISIBLE_DEVICES={seen['visible'] or 'not set'})",
            "compare with `nvidia-smi -L` in a job; ask the cluster's staff if gres.conf names the devices",
        )
