"""The model of a word that is not in the content: any phones that English words string together.

An n-gram over the phones of the dictionary's words, kept small by leaving rare sequences to the
backoff (a full bigram would put 1,521 arcs into the graph several times over). What it spells
comes out as ``<unk>``, and its costs decide how readily: see ``GraphOptions``.
"""

from __future__ import annotations

import math

from voiceskill.graph.fst import Builder, Fst
from voiceskill.graph.lexicon import dictionary
from voiceskill.graph.ngram import START_STATE, backoff_automaton
from voiceskill.graph.options import GraphOptions
from voiceskill.graph.phones import INDEX, PHONES, Position, phone_id

UNKNOWN = "<unk>"
_EVERY = 8
"""Every eighth word of the dictionary, 90,000 phones, is enough for 1,500 pairs, and quick."""


def phone_model(options: GraphOptions) -> Fst:
    """Return the n-gram over phones, labels 1 to 39 in the order of ``PHONES``."""
    words = dictionary()
    sequences = [[INDEX[phone] + 1 for phone in words[word][0]] for word in words if word.isalpha()]
    return backoff_automaton(
        sequences,
        len(PHONES),
        order=options.unknown_phone_order,
        least_count=options.unknown_least_count,
        backoff_label=len(PHONES) + 1,
    )


def add_unknown_word(
    lexicon: Builder, model: Fst, start: int, end: int, backoff_label: int, scale: float
) -> None:
    """Add to ``lexicon`` every phone sequence of two or more, between two of its states.

    Phones carry their positions in the word; ``backoff_label`` goes on the backoff arcs, so that
    determinisation does not multiply them out; costs are multiplied by ``scale``.
    """
    state = [start if k == START_STATE else lexicon.state() for k in range(model.states)]
    exit_cost = _exit_costs(model)
    for source, (label, _, cost, target) in zip(
        model.source.tolist(), model.arcs.tolist(), strict=True
    ):
        first = source == START_STATE
        if label > len(PHONES):
            # From the start only whole bigrams: its backoff state would allow no first phone.
            if not first:
                lexicon.arc(state[source], backoff_label, 0, scale * cost, state[target])
            continue
        phone = PHONES[label - 1]
        place = Position.BEGIN if first else Position.INTERNAL
        lexicon.arc(state[source], phone_id(phone, place), 0, scale * cost, state[target])
        if not first and math.isfinite(exit_cost[target]):
            last = phone_id(phone, Position.END)
            lexicon.arc(state[source], last, 0, scale * (cost + exit_cost[target]), end)


def _exit_costs(model: Fst) -> list[float]:
    """Return what it costs to end the word in each state, through the backoff where it must."""
    final: list[float] = model.final.tolist()
    back: dict[int, tuple[float, int]] = {
        source: (cost, target)
        for source, (label, _, cost, target) in zip(
            model.source.tolist(), model.arcs.tolist(), strict=True
        )
        if label > len(PHONES)
    }

    def exit_cost(state: int) -> float:
        if math.isfinite(final[state]) or state not in back:
            return final[state]
        cost, shorter = back[state]
        return cost + exit_cost(shorter)

    return [exit_cost(state) for state in range(model.states)]
