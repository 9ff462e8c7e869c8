# Snakemake runs this from the repository root, in the new environment, and makes a new one when this text changes: so it
# names the contents of the lock file, and `make lock` keeps the name.
# cksum of requirements.lock: 2739851368 3949
set -e
python -m pip install --requirement envs/requirements.lock
python -m pip install --no-deps --no-build-isolation --editable .
