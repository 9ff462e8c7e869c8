"""Data sets: one card each, readers by family, and manifests of their decoded images."""
