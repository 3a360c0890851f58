"""The n-gram against a direct reading of the formula, and its automaton against itself."""

import math
import random
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voiceskill.graph.fst import Fst
from voiceskill.graph.ngram import START_STATE, UNIGRAM_STATE, backoff_automaton

WORDS = 6
BACKOFF = WORDS + 2
END = WORDS + 1
D = 0.7

texts = st.lists(st.lists(st.integers(1, WORDS), min_size=1, max_size=6), min_size=1, max_size=25)


class Walker:
    """Probabilities out of an automaton, with backoff taken only where there is no arc."""

    def __init__(self, fst: Fst) -> None:
        self.fst = fst
        self.arcs: dict[int, dict[int, tuple[float, int]]] = defaultdict(dict)
        for source, (label, _, cost, target) in zip(
            fst.source.tolist(), fst.arcs.tolist(), strict=True
        ):
            assert label not in self.arcs[source]
            self.arcs[source][label] = (cost, target)

    def probability(self, state: int, word: int) -> float:
        if word == END and math.isfinite(self.fst.final[state]):
            return math.exp(-self.fst.final[state])
        if word in self.arcs[state]:
            return math.exp(-self.arcs[state][word][0])
        cost, shorter = self.arcs[state][BACKOFF]
        return math.exp(-cost) * self.probability(shorter, word)

    def sentence(self, words: list[int]) -> list[float]:
        state, out = START_STATE, []
        for word in words:
            out.append(self.probability(state, word))
            while word not in self.arcs[state]:
                state = self.arcs[state][BACKOFF][1]
            state = self.arcs[state][word][1]
        return [*out, self.probability(state, END)]


def reference(sentences: list[list[int]], order: int):
    """Interpolated Kneser-Ney written out from the formula with dictionaries."""
    padded = [[0, *s, END] for s in sentences]
    counts = [Counter(tuple(s[i : i + n]) for s in padded for i in range(len(s) - n + 1))
              for n in (1, 2, 3)]  # fmt: skip
    pairs = dict(counts[1])
    if order == 3:
        for pair in pairs:
            if pair[0] != 0:
                pairs[pair] = sum(1 for t in counts[2] if t[1:] == pair)
    tables = {2: pairs, 3: dict(counts[2])}
    single = Counter(pair[1] for pair in counts[1])

    def p(history: tuple[int, ...], word: int) -> float:
        if not history:
            total = sum(single.values())
            left = D * len(single) / total
            return max(single[word] - D, 0) / total + left / (WORDS + 1)
        table = tables[len(history) + 1]
        following = {g[-1]: c for g, c in table.items() if g[:-1] == history}
        if not following:
            return p(history[1:], word)
        total = sum(following.values())
        direct = max(following.get(word, 0) - D, 0) / total
        return direct + D * len(following) / total * p(history[1:], word)

    return lambda history, word: p(tuple(history[-(order - 1) :]), word)


@given(texts, st.sampled_from([2, 3]))
@settings(max_examples=60, deadline=None)
def test_agrees_with_the_formula(sentences, order):
    model = Walker(backoff_automaton(sentences, WORDS, order=order, backoff_label=BACKOFF))
    p = reference(sentences, order)
    for sentence in [*sentences[:5], [1, 2, 3], [6, 6, 6]]:
        history, expected = [0], []
        for word in [*sentence, END]:
            expected.append(p(history, word))
            history.append(word)
        assert model.sentence(sentence) == pytest.approx(expected, rel=1e-4)


@given(texts, st.sampled_from([2, 3]), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_every_state_is_a_distribution_also_when_pruned(sentences, order, least):
    fst = backoff_automaton(sentences, WORDS, order=order, least_count=least, backoff_label=BACKOFF)
    model = Walker(fst)
    for state in range(fst.states):
        total = sum(model.probability(state, word) for word in range(1, END + 1))
        assert total == pytest.approx(1.0, rel=1e-4)


def test_pruning_leaves_fewer_arcs():
    rng = random.Random(1)
    sentences = [[rng.randint(1, WORDS) for _ in range(5)] for _ in range(60)]
    sizes = [
        len(backoff_automaton(sentences, WORDS, least_count=n, backoff_label=BACKOFF).arcs)
        for n in (1, 2, 4)
    ]
    assert sizes[0] > sizes[1] > sizes[2]


def test_backoff_label_may_be_the_next_after_the_words():
    fst = backoff_automaton([[1, 2]], 2, backoff_label=3)
    assert math.isfinite(fst.final[UNIGRAM_STATE])
    assert (fst.arcs["ilabel"] == 3).any()
    assert not (fst.arcs["olabel"] == 3).any()
