"""What Snakemake would make again and what an audit calls stale, asked in a finished run: as JSON, of this prefclip.

python planned_and_stale.py CONFIG RUN
"""

import json
import subprocess
import sys
from pathlib import Path

from prefclip.lineage.project import Project
from prefclip.lineage.verify import verify


def planned_and_stale(project: Project, config: str, run: str) -> tuple[set[str], set[str]]:
    """The files of ``run`` that are there and that Snakemake would make again, and those that an audit calls stale."""
    command = [
        str(Path(sys.executable).with_name("snakemake")),
        "--summary",
        "all",
        "ablations",
        "--configfile",
        config,
    ]
    answer = subprocess.run(command, cwd=project.root, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    rows = [line.split("\t") for line in answer.stdout.splitlines()]  # output, date, rule, logs, status, plan
    outputs = {row[0] for row in rows if row[-1] == "update pending" and not row[0].endswith(".prov.json")}
    states = verify(project, [run], str(project.root / config), threads=1).states()
    planned = {name for name in outputs if (project.root / name).is_file()}
    return planned, {name for name, state in states.items() if state == "stale"}


if __name__ == "__main__":
    print(json.dumps([sorted(names) for names in planned_and_stale(Project("."), *sys.argv[1:3])]))
