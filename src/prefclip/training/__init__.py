"""Tuning a CLIP on preference pairs.

`cache_reference` embeds all images once with the untouched model; `train` runs one method with one seed. Both take
plain paths; `train` also runs under torchrun and continues after a kill.
"""
