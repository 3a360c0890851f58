"""From phones to transition-ids: the last step of a graph.

Kaldi's usual expansion spells out every state of a phone's hidden Markov model, three states and
eight arcs for each arc of a CTC topology. Here an arc with phone ``p`` becomes one arc that
carries the transition out of the label state, and two self-loops where it arrives: the label's
own and blank's. The frames of ``p`` are then one label and any mixture of labels and blanks. The
strict form, labels before blanks, differs only where a phone's label returns after a blank, which
is left to mean the same phone. What reads transition-ids downstream (Kaldi's word alignment,
endpointing, lattice determinisation) asks only for the phone, whether a transition leaves it and
whether it is a self-loop, and gets true answers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from voiceskill.graph.fst import Fst, from_columns
from voiceskill.graph.phones import PHONE_ID_COUNT, SILENCE_ID
from voiceskill.graph.topology import (
    BLANK_STATE,
    LABEL_STATE,
    PHONE_EXIT,
    SILENCE_EXIT,
    TRANSITION_ID,
)


def _by_phone(state: int, destination: int) -> NDArray[np.int64]:
    """Return the transition-id of each phone id from 2 on; 0 for silence and no phone."""
    ids = [TRANSITION_ID[p, state, destination] for p in range(2, PHONE_ID_COUNT + 1)]
    return np.array([0, 0, *ids])


_ENTER = _by_phone(LABEL_STATE, PHONE_EXIT)
_LABEL_LOOP = _by_phone(LABEL_STATE, LABEL_STATE)
_BLANK_LOOP = _by_phone(BLANK_STATE, BLANK_STATE)
_ENTER[SILENCE_ID] = TRANSITION_ID[SILENCE_ID, LABEL_STATE, SILENCE_EXIT]
_BLANK_LOOP[SILENCE_ID] = TRANSITION_ID[SILENCE_ID, LABEL_STATE, LABEL_STATE]


def expand(phones: Fst, blank_cost: float) -> Fst:
    """Return ``phones`` (phone ids and disambiguation symbols in) with transition-ids in.

    Disambiguation symbols become epsilons. ``blank_cost`` is added for each further blank frame
    within a word's phone, and nothing within silence.
    """
    arcs, states = phones.arcs, phones.states
    ilabel, target = arcs["ilabel"].astype(np.int64), arcs["target"].astype(np.int64)
    is_phone = (ilabel >= 1) & (ilabel <= PHONE_ID_COUNT)

    # Every (state, phone arriving there) needs the phone's self-loops. They go on the state
    # itself where nothing else arrives, and otherwise on a state of their own before it.
    pairs, pair_of_arc = np.unique(
        target[is_phone] * (PHONE_ID_COUNT + 1) + ilabel[is_phone], return_inverse=True
    )
    pair_state, pair_phone = np.divmod(pairs, PHONE_ID_COUNT + 1)
    arrivals = np.bincount(pair_state, minlength=states)
    arrivals[target[~is_phone]] += 2
    arrivals[phones.start] += 2
    shared = arrivals[pair_state] > 1
    loop_state = pair_state.copy()
    loop_state[shared] = states + np.arange(np.count_nonzero(shared))

    target[is_phone] = loop_state[pair_of_arc]
    speech = pair_phone != SILENCE_ID
    columns: list[tuple[Any, Any, Any, Any, Any]] = [
        (
            phones.source,
            np.where(is_phone, _ENTER[np.where(is_phone, ilabel, 0)], 0),
            arcs["olabel"],
            arcs["weight"],
            target,
        ),
        _loops(loop_state, _BLANK_LOOP[pair_phone], np.where(speech, blank_cost, 0.0)),
        _loops(loop_state[speech], _LABEL_LOOP[pair_phone[speech]], np.zeros(speech.sum())),
        _epsilons(loop_state[shared], pair_state[shared]),
    ]
    source, label, output, cost, destination = map(np.concatenate, zip(*columns, strict=True))
    final = np.full(states + np.count_nonzero(shared), np.inf)
    final[:states] = phones.final
    return from_columns(phones.start, final, source, label, output, cost, destination)


def _loops(
    states: NDArray[Any], labels: NDArray[Any], costs: NDArray[Any]
) -> tuple[Any, Any, Any, Any, Any]:
    return states, labels, np.zeros(len(states)), costs, states


def _epsilons(sources: NDArray[Any], targets: NDArray[Any]) -> tuple[Any, Any, Any, Any, Any]:
    nothing = np.zeros(len(sources))
    return sources, nothing, nothing, nothing, targets
