"""What the preflight's own job runs on a node: python -m prefclip.preflight.inside_job FOLDER."""

import os
import socket
import sys
from pathlib import Path

from prefclip.files import write_json

TOKEN = "token.txt"
REPORT = "report.json"


def report(folder: Path) -> dict:
    """Return what this node sees: the shared file, the GPUs, the libraries."""
    found: dict = {
        "host": socket.gethostname(),
        "token": (folder / TOKEN).read_text(encoding="utf-8"),
        "gpus_of_slurm": os.environ.get("SLURM_GPUS_ON_NODE", "0"),
        "visible": os.environ.get("CUDA_VISIBLE_DEVICES", ""),
        "gpus": [],
        "cuda": None,
        "torch": None,
        "error": "",
    }
    try:
        import torch

        found |= {"torch": str(torch.__version__), "cuda": torch.version.cuda}
        if torch.cuda.is_available():
            found["gpus"] = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
            # A wrong driver shows at the first kernel, not before.
            torch.ones(1, device="cuda").sum().item()
    except Exception as error:  # whatever it is, the login node should read about it
        found["error"] = f"{type(error).__name__}: {error}"
    return found


if __name__ == "__main__":
    target = Path(sys.argv[1])
    write_json(target / REPORT, report(target))
