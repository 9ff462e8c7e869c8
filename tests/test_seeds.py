"""Seeds name one random decision and nothing else: the same on every machine, different for every decision."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from prefclip.seeds import generator_for, seed_for

# Text as names, purposes and numbers have it: the separator of parts is a control character.
words = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=8) | st.integers(0, 9)
names = st.lists(words, max_size=4)


def test_published_results_depend_on_these_values():
    assert seed_for("animals", "animals-test-00012", "attack", 0) == 8182784725914826017
    assert generator_for("animals", 0).integers(0, 2**32, 3).tolist() == [4256354901, 2356709249, 1991543645]


@given(names)
def test_seeds_fit_every_generator(parts):
    seed = seed_for(*parts)
    assert isinstance(seed, int) and 0 <= seed < 2**63
    assert seed == seed_for(*parts)
    np.random.default_rng(seed)


@given(names, names)
def test_other_words_give_other_seeds(first, second):
    same = [str(part) for part in first] == [str(part) for part in second]
    # Nothing and one empty word are the same text.
    same |= {"\x1f".join(map(str, first)), "\x1f".join(map(str, second))} == {""}
    assert (seed_for(*first) == seed_for(*second)) == same


def test_words_do_not_run_together():
    assert (
        len({seed_for("ab", "c"), seed_for("a", "bc"), seed_for("abc"), seed_for("c", "ab"), seed_for("ab", "c", "")})
        == 5
    )


def test_generators_do_not_share_state():
    first, second = generator_for("a"), generator_for("a")
    draws = first.random(5)
    assert (second.random(5) == draws).all()
    assert not (generator_for("b").random(5) == draws).any()


def test_neighbouring_seeds_are_unrelated():
    """Items are numbered 0, 1, 2 …: their draws must still look independent."""
    draws = np.array([generator_for("animals", item, "attack").random(2) for item in range(2000)])
    assert np.abs(draws.mean(axis=0) - 0.5).max() < 0.03
    assert abs(np.corrcoef(draws[:-1, 0], draws[1:, 0])[0, 1]) < 0.08
    assert abs(np.corrcoef(draws.T)[0, 1]) < 0.08
