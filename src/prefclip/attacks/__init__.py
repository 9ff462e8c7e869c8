"""Typographic attacks: a word drawn on one picture, on a user's file, or on a whole manifest."""
