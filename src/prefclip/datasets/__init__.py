"""Data sets: one registry entry each, loaders by source family, and manifests of their decoded images."""
