"""Tuning a CLIP on preference pairs: `cache_reference` with the untouched model, then `train` one method and seed."""
