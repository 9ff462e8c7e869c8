"""Seeds derived per item, so that results never depend on iteration order, worker count or batch size."""

import hashlib

import numpy as np


def seed_for(*parts: object) -> int:
    """Return a 63-bit seed from the words that name one random decision.

    Example: ``seed_for("animals", "animals-test-00012", "attack", 0)``.
    """
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator_for(*parts: object) -> np.random.Generator:
    """Return a NumPy generator seeded with :func:`seed_for`."""
    return np.random.Generator(np.random.PCG64(seed_for(*parts)))
