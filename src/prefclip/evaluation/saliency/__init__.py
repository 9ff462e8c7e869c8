"""Where a model looks when it compares an image with a text: maps for both kinds of image towers, and a number."""
