"""A real Slurm whose node says it has 8 A100s: slurmctld and slurmd on ports and in folders of their own.

The partition `gpu` is that one node; a second one like it is only in the partition `both`, for what needs two.

Programs of Slurm look for their configuration at one place only, because snakemake-executor-plugin-slurm-jobstep takes
SLURM_CONF away from the `srun` inside a job. So the file goes there if that place is free, and is removed afterwards.
"""

import getpass
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

CONFIG_FOLDER = Path("/etc/slurm")
CONFIG_FILES = ("slurm.conf", "gres.conf")
MARK = "# of a test of prefclip, process"
PROGRAMS = ("slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo")
GPUS = 8
NODES = ("first", "second")

SLURM_CONF = """\
{mark} {pid}; removed when it ends
ClusterName=prefclip
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/none
CredType=cred/none
MpiDefault=none
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
GresTypes=gpu
EnforcePartLimits=ALL
MinJobAge=3600
ReturnToService=2
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
NodeName=DEFAULT CPUs=128 RealMemory=1000000 Gres=gpu:a100:8 Feature=nvlink
NodeName=first NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]}
NodeName=second NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]}
PartitionName=gpu Nodes=first Default=YES MaxTime=2-00:00:00
PartitionName=both Nodes=first,second MaxTime=2-00:00:00
"""


class OneNodeCluster:
    """Started by `with OneNodeCluster(folder) as cluster:`; everything it made or started is gone afterwards."""

    def __init__(self, folder: Path):
        self.folder, self.daemons, self.written = folder, [], []

    @staticmethod
    def why_not() -> str | None:
        """What is in the way, or None."""
        missing = [name for name in PROGRAMS if shutil.which(name, path=_path()) is None]
        if missing:
            return f"{', '.join(missing)} not installed (Debian: apt-get install slurmctld slurmd slurm-client)"
        if os.geteuid() != 0:
            return "only root may start slurmd"
        for name in CONFIG_FILES:
            path = CONFIG_FOLDER / name
            if path.exists() and not _left_by_a_dead_test(path):
                return f"{path} exists: this machine has a Slurm of its own"
        return None

    def __enter__(self) -> "OneNodeCluster":
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self) -> None:
        for name in ("state", "devices", *(f"spool-{node}" for node in NODES)):
            (self.folder / name).mkdir(parents=True)
        devices = [self.folder / "devices" / f"gpu{index}" for index in range(GPUS)]
        for device in devices:
            device.touch()
        settings = SLURM_CONF.format(
            mark=MARK,
            pid=os.getpid(),
            host=socket.gethostname().split(".")[0],
            ports=_free_ports(3),
            user=getpass.getuser(),
            folder=self.folder,
        )
        gres = "".join(f"Name=gpu Type=a100 File={device} Flags=nvidia_gpu_env\n" for device in devices)
        CONFIG_FOLDER.mkdir(parents=True, exist_ok=True)
        for name, text in zip(CONFIG_FILES, (settings, f"{MARK} {os.getpid()}\n{gres}"), strict=True):
            self.written.append(CONFIG_FOLDER / name)
            (CONFIG_FOLDER / name).write_text(text)
        # The daemons have to be called by these names: as slurmctld-wlm they drop all GPUs.
        for daemon, *options in (("slurmctld", "-i"), *(("slurmd", "-N", node) for node in NODES)):
            command = [shutil.which(daemon, path=_path()), "-D", *options]
            with (self.folder / f"{daemon}-{options[-1]}.out").open("wb") as log:
                self.daemons.append(
                    subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
                )
        self._wait_until_idle()

    def _wait_until_idle(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while True:
            told = subprocess.run(["sinfo", "-h", "-p", "both", "-o", "%T %D %G"], capture_output=True, text=True)
            if told.stdout.split() == ["idle", str(len(NODES)), f"gpu:a100:{GPUS}"]:
                return
            if time.monotonic() > deadline or any(daemon.poll() is not None for daemon in self.daemons):
                logs = "\n".join(path.read_text(errors="replace")[-2000:] for path in self.folder.glob("*.out"))
                raise RuntimeError(f"Slurm did not start: {told.stdout}{told.stderr}\n{logs}")
            time.sleep(0.5)

    def jobs(self) -> list[dict[str, str]]:
        """Every job so far, as `scontrol show job` tells it."""
        told = subprocess.run(["scontrol", "show", "job", "-o"], capture_output=True, text=True, check=True).stdout
        lines = [line for line in told.splitlines() if line.startswith("JobId=")]
        return [dict(word.split("=", 1) for word in line.split() if "=" in word) for line in lines]

    def __exit__(self, *_) -> None:
        if self.daemons:
            subprocess.run(["scancel", "--user", getpass.getuser()], capture_output=True)
            self._wait_for_jobs()
        for daemon in reversed(self.daemons):
            daemon.terminate()
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        for path in self.written:
            path.unlink(missing_ok=True)

    def _wait_for_jobs(self, seconds: float = 40) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            told = subprocess.run(["squeue", "-h"], capture_output=True, text=True)
            if told.returncode or not told.stdout.strip():
                return
            time.sleep(0.5)


def _path() -> str:
    return os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"])


def _left_by_a_dead_test(path: Path) -> bool:
    words = path.read_text(errors="replace").splitlines()[:1]
    if not words or not words[0].startswith(MARK):
        return False
    pid = words[0].removeprefix(MARK).split(";")[0].strip()
    return pid.isdigit() and not Path("/proc", pid).exists()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
