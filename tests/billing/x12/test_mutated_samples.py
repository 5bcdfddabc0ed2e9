"""Samples that are wrong at random: reading ends with a verdict, and never with a surprise."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.x12 import check, mutate, run, samples

_SAMPLES = samples()


@given(name=st.sampled_from(sorted(_SAMPLES)), seed=st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_a_mutated_sample_is_refused_in_words_or_read(name: str, seed: int) -> None:
    check(mutate(_SAMPLES[name], random.Random(seed)))


def test_the_same_seed_finds_the_same_again() -> None:
    content = _SAMPLES["lfh-demo.835"]
    assert mutate(content, random.Random(7)) == mutate(content, random.Random(7))
    assert run(0.2, seed=1) > 0
