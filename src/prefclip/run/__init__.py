"""A run: the names of its files, and its steps, each declared once."""
