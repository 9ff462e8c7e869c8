"""The browsable report of a run: one static page made from the run's own files."""
