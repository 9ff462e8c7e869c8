# Snakemake runs this from the repository root after it has created the environment.
python -m pip install --no-deps --editable .
