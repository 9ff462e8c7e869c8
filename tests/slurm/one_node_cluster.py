"""A real Slurm whose node says it has 8 A100s: slurmctld and slurmd on ports and in folders of their own.

The partition `gpu` is that one node; a second one like it is only in the partition `both`, for what needs two.

Its programs find their configuration through SLURM_CONF, so that a Slurm of the machine's own stays as it is. Because
snakemake-executor-plugin-slurm-jobstep takes that variable away from the `srun` inside a job, `programs` holds one that
puts it back. The daemons end with the process that started them, even when that one is killed.
"""

import getpass
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo", "setpriv")
GPUS = 8
NODES = ("first", "second")

SLURM_CONF = """\
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


SRUN = """\
#!/bin/sh
SLURM_CONF={config} exec {srun} "$@"
"""


class OneNodeCluster:
    """Started by `with OneNodeCluster(folder) as cluster:`; everything it made or started is gone afterwards."""

    def __init__(self, folder: Path):
        self.folder, self.daemons = folder, []
        self.programs = folder / "programs"
        self.environment = {"SLURM_CONF": str(folder / "slurm.conf")}

    @staticmethod
    def why_not() -> str | None:
        """What is in the way, or None."""
        missing = [name for name in PROGRAMS if shutil.which(name, path=_path()) is None]
        if missing:
            return f"{', '.join(missing)} not installed (Debian: apt-get install slurmctld slurmd slurm-client)"
        if os.geteuid() != 0:
            return "only root may start slurmd"
        return None

    def __enter__(self) -> "OneNodeCluster":
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self) -> None:
        for name in ("state", "devices", "programs", *(f"spool-{node}" for node in NODES)):
            (self.folder / name).mkdir(parents=True)
        devices = [self.folder / "devices" / f"gpu{index}" for index in range(GPUS)]
        for device in devices:
            device.touch()
        settings = SLURM_CONF.format(
            host=socket.gethostname().split(".")[0],
            ports=_free_ports(3),
            user=getpass.getuser(),
            folder=self.folder,
        )
        gres = "".join(f"Name=gpu Type=a100 File={device} Flags=nvidia_gpu_env\n" for device in devices)
        (self.folder / "slurm.conf").write_text(settings)
        (self.folder / "gres.conf").write_text(gres)
        srun = self.programs / "srun"
        srun.write_text(SRUN.format(config=self.folder / "slurm.conf", srun=shutil.which("srun", path=_path())))
        srun.chmod(0o755)
        # The daemons have to be called by these names: as slurmctld-wlm they drop all GPUs.
        for daemon, *options in (("slurmctld", "-i"), *(("slurmd", "-N", node) for node in NODES)):
            program = shutil.which(daemon, path=_path())
            command = ["setpriv", "--pdeathsig", "TERM", program, "-D", "-f", self.folder / "slurm.conf", *options]
            with (self.folder / f"{daemon}-{options[-1]}.out").open("wb") as log:
                self.daemons.append(
                    subprocess.Popen(
                        command, env=self._env(), stdout=log, stderr=subprocess.STDOUT, start_new_session=True
                    )
                )
        self._wait_until_idle()

    def _wait_until_idle(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while True:
            told = self.ask("sinfo", "-h", "-p", "both", "-o", "%T %D %G")
            if told.stdout.split() == ["idle", str(len(NODES)), f"gpu:a100:{GPUS}"]:
                return
            if time.monotonic() > deadline or any(daemon.poll() is not None for daemon in self.daemons):
                logs = "\n".join(path.read_text(errors="replace")[-2000:] for path in self.folder.glob("*.out"))
                raise RuntimeError(f"Slurm did not start: {told.stdout}{told.stderr}\n{logs}")
            time.sleep(0.5)

    def ask(self, *command: str) -> subprocess.CompletedProcess:
        """Run one of Slurm's programs."""
        return subprocess.run(command, env=self._env(), capture_output=True, text=True)

    def _env(self) -> dict[str, str]:
        return {**os.environ, **self.environment}

    def jobs(self) -> list[dict[str, str]]:
        """Every job so far, as `scontrol show job` tells it."""
        told = self.ask("scontrol", "show", "job", "-o")
        assert told.returncode == 0, told.stderr
        lines = [line for line in told.stdout.splitlines() if line.startswith("JobId=")]
        return [dict(word.split("=", 1) for word in line.split() if "=" in word) for line in lines]

    def __exit__(self, *_) -> None:
        if self.daemons:
            self.ask("scancel", "--user", getpass.getuser())
            self._wait_for_jobs()
        for daemon in reversed(self.daemons):
            daemon.terminate()
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    def _wait_for_jobs(self, seconds: float = 40) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            told = self.ask("squeue", "-h")
            if told.returncode or not told.stdout.strip():
                return
            time.sleep(0.5)


def _path() -> str:
    return os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"])


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
