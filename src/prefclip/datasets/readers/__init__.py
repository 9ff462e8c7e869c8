"""Readers of raw data, one module for each family of data sets; a card names its family.

Each has ``image_set(config, card, role)``, and a family of raw folders also ``read(card, folder)`` and, for rehearsals,
``stand_in(card, folder)``, which writes the lists of a stand-in and yields the paths of its pictures.
"""
