"""What Snakemake would make again and what an audit calls stale, asked in a finished run: as JSON, of this prefclip.

python planned_and_stale.py CONFIG
"""

import json
import sys

from prefclip.lineage.workflow_graph import workflow_jobs

from prefclip.lineage.project import Project
from prefclip.lineage.verify import verify


def planned_and_stale(project: Project, config: str, run: str) -> tuple[set[str], set[str]]:
    """The files of ``run`` that are there and that Snakemake would make again, and those that an audit calls stale."""
    jobs = workflow_jobs(project, config, every=False)
    outputs = {output for job in jobs for output in job.outputs if not output.endswith(".prov.json")}
    planned = {output for output in outputs if (project.root / output).is_file()}
    states = verify(project, [run], str(project.root / config), threads=1).states()
    return planned, {name for name, state in states.items() if state == "stale"}


if __name__ == "__main__":
    print(json.dumps([sorted(names) for names in planned_and_stale(Project("."), *sys.argv[1:3])]))
