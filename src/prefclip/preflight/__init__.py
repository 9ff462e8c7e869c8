"""Checks of a cluster and of a run's files in seconds, before a run of hours finds out."""
