"""Lineage: a record next to every artifact, and the audit that follows, checks, compares and exports the records."""
