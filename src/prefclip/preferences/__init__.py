"""Preference tables: which of two labels or texts should win on an image."""
