"""An interpolated Kneser-Ney trigram as a backoff automaton.

The model is Chen and Goodman 1999, "An empirical study of smoothing techniques for language
modeling", section 2.7, with one discount ``D`` for all counts:

    p(w | h) = max(c(h w) - D, 0) / c(h) + b(h) p(w | h'),   b(h) = what the first term leaves over

``h'`` is the history without its oldest word. ``c`` is the plain count for the longest histories
and for those that begin a sentence; for shorter ones it is the number of different words seen in
front of ``h w``. Below the unigram lies the uniform distribution, so that every word of the
vocabulary can follow anything.

As an automaton (Allauzen, Mohri and Roark 2003, "Generalized algorithms for constructing
statistical language models", section 4): one state a history, one arc a seen word, and one
arc with the backoff label that costs ``-log b(h)`` and leads to ``h'``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voiceskill.graph.fst import Fst, from_columns

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_BOS = 0
_BACKOFF = -1
UNIGRAM_STATE = 0
"""State of the empty history; the next one is the start of a sentence."""
START_STATE = 1


@dataclass(frozen=True, slots=True)
class _Order:
    """The n-grams of one length that are kept, sorted by (history, word)."""

    history: Ints
    """Code of the history of each n-gram."""
    word: Ints
    probability: Floats
    """Interpolated, so larger than through the backoff arc."""
    contexts: Ints
    """Codes of the different histories, sorted."""
    backoff: Floats
    """Weight ``b`` of each history in ``contexts``."""


def backoff_automaton(
    sentences: Iterable[Sequence[int]],
    vocabulary: int,
    *,
    order: int = 3,
    discount: float = 0.7,
    least_count: int = 1,
    backoff_label: int,
) -> Fst:
    """Return the model of ``sentences`` as an acceptor with backoff arcs.

    Words are 1 to ``vocabulary``; ``order`` is 2 or 3. N-grams of that length seen less often than
    ``least_count`` are left to the backoff. State ``UNIGRAM_STATE`` is the empty history and
    ``START_STATE`` the start. Costs are negative natural logarithms. Backoff arcs have the input
    label ``backoff_label``, larger than ``vocabulary``, and no output label.
    """
    base = vocabulary + 2  # sentence start, the words, sentence end
    end = vocabulary + 1
    tokens = np.array([t for s in sentences for t in (_BOS, *s, end)], dtype=np.int64)
    pairs = np.unique(_windows(tokens, 2, base, end), return_counts=True)
    triples = np.unique(_windows(tokens, 3, base, end), return_counts=True)

    unigram = _unigram(pairs[0] % base, base, discount)
    pair_counts = pairs[1]
    if order == 3:
        # In sorted order both lists of pairs are the same but for those that start a sentence.
        seen, followed = np.unique(triples[0] % base**2, return_counts=True)
        pair_counts = pair_counts.copy()
        pair_counts[np.searchsorted(pairs[0], seen)] = followed
    least = least_count if order == 2 else 1
    bigram = _order(pairs[0], pair_counts, least, base, discount, unigram[pairs[0] % base])
    if order == 2:
        return _automaton(unigram, [bigram], base, backoff_label)

    lower = bigram.probability[np.searchsorted(pairs[0], triples[0] % base**2)]
    trigram = _order(triples[0], triples[1], least_count, base, discount, lower)
    return _automaton(unigram, [bigram, trigram], base, backoff_label)


def _windows(tokens: Ints, length: int, base: int, end: int) -> Ints:
    """Return every n-gram within a sentence as one number, oldest word most significant."""
    code = tokens[: len(tokens) - length + 1].copy()
    inside = code != end
    for k in range(1, length):
        word = tokens[k : len(tokens) - length + 1 + k]
        if k < length - 1:
            inside &= word != end
        code = code * base + word
    kept: Ints = code[inside]
    return kept


def _unigram(last_words: Ints, base: int, discount: float) -> Floats:
    """Return p(word) by the number of different words seen in front; 0 for the start marker."""
    counts = np.bincount(last_words, minlength=base).astype(np.float64)
    total = counts.sum()
    left_over = discount * np.count_nonzero(counts) / total
    probability: Floats = np.maximum(counts - discount, 0.0) / total + left_over / (base - 1)
    probability[_BOS] = 0.0
    return probability


def _order(
    codes: Ints, counts: Ints, least: int, base: int, discount: float, lower: Floats
) -> _Order:
    """Return the probabilities of one length, given p(word | shorter history) of each n-gram."""
    history, word = codes // base, codes % base
    contexts, inverse = np.unique(history, return_inverse=True)
    total = np.bincount(inverse, weights=counts)
    kept = counts >= least
    direct = np.where(kept, counts - discount, 0.0) / total[inverse]
    backoff = (1.0 - np.bincount(inverse, weights=direct)).astype(np.float64)
    probability: Floats = direct + backoff[inverse] * lower
    used = np.bincount(inverse, weights=kept) > 0
    return _Order(history[kept], word[kept], probability[kept], contexts[used], backoff[used])


def _automaton(unigram: Floats, orders: list[_Order], base: int, backoff_label: int) -> Fst:
    end = base - 1
    singles = orders[0].contexts  # the start marker, code 0, comes first
    doubles = orders[1].contexts if len(orders) > 1 else np.empty(0, dtype=np.int64)
    first = [UNIGRAM_STATE + 1, UNIGRAM_STATE + 1 + len(singles)]

    def single_state(words: Ints) -> Ints:
        return _lookup(words, singles, first[0], np.full(len(words), UNIGRAM_STATE))

    def double_state(pair_codes: Ints) -> Ints:
        return _lookup(pair_codes, doubles, first[1], single_state(pair_codes % base))

    everything = np.arange(1, base)
    # (source, label, probability, target) of each batch of arcs; ``end`` marks final states.
    batches = [
        (np.full(base - 1, UNIGRAM_STATE), everything, unigram[1:], single_state(everything))
    ]
    for offset, order in zip(first, orders, strict=False):
        source = offset + np.searchsorted(order.contexts, order.history)
        target = double_state(order.history % base * base + order.word)
        batches.append((source, order.word, order.probability, target))
        context = offset + np.arange(len(order.contexts))
        shorter = (
            np.full(len(context), UNIGRAM_STATE)
            if order is orders[0]
            else single_state(order.contexts % base)
        )
        label = np.full(len(context), _BACKOFF)
        batches.append((context, label, order.backoff, shorter))
    source, label, probability, target = map(np.concatenate, zip(*batches, strict=True))
    cost = -np.log(probability)
    final = np.full(first[1] + len(doubles), np.inf)
    ends = label == end
    final[source[ends]] = cost[ends]
    arc = ~ends
    back = label[arc] == _BACKOFF
    ilabel = np.where(back, backoff_label, label[arc])
    olabel = np.where(back, 0, ilabel)
    return from_columns(START_STATE, final, source[arc], ilabel, olabel, cost[arc], target[arc])


def _lookup(codes: Ints, table: Ints, first: int, otherwise: Ints) -> Ints:
    """Return ``first`` + place in the sorted ``table``, or ``otherwise`` where it is not there."""
    if not len(table):
        return otherwise
    place = np.minimum(np.searchsorted(table, codes), len(table) - 1)
    return np.where(table[place] == codes, first + place, otherwise)
