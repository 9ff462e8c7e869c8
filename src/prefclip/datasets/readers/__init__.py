"""Readers of raw data, one module for each family of data sets; a card names its family.

Each has ``image_set(config, card, role)``, and a family of raw folders also ``read(card, folder)``.
"""
