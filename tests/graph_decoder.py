"""A plain Viterbi decoder over a compiled graph, for tests: no pruning, no lattice, no Vosk."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from voiceskill.graph.compile import Graph
from voiceskill.graph.phones import INDEX, PDF_COUNT
from voiceskill.graph.topology import TRANSITION_ID, TUPLES

_PDF_OF_PAIR = {(phone, state): pdf for phone, state, pdf in TUPLES}
PDF_OF_TRANSITION = {
    identifier: _PDF_OF_PAIR[phone, state]
    for (phone, state, _), identifier in TRANSITION_ID.items()
}
PHONE_OF_TRANSITION = {identifier: phone for (phone, _, _), identifier in TRANSITION_ID.items()}
WRONG = 12.0


@dataclass(frozen=True)
class Best:
    cost: float
    words: list[str]
    transitions: list[int]


def frames(spoken: str) -> np.ndarray:
    """Costs of ideal network outputs, one symbol a frame: ``"_ K K _ AE F _"``, ``_`` is blank."""
    out = np.full((len(spoken.split()), PDF_COUNT), WRONG)
    for row, symbol in zip(out, spoken.split(), strict=True):
        row[0 if symbol == "_" else INDEX[symbol] + 1] = 0.0
    return out


def decode(graph: Graph, costs: np.ndarray) -> Best:
    fst = graph.hclg
    leaving = defaultdict(list)
    for source, arc in zip(fst.source.tolist(), fst.arcs.tolist(), strict=True):
        leaving[source].append(arc)
    tokens = _closure({fst.start: (0.0, (), ())}, leaving)
    for frame in costs:
        reached: dict[int, tuple] = {}
        for state, (cost, words, path) in tokens.items():
            for ilabel, olabel, weight, target in leaving[state]:
                if ilabel:
                    new = cost + weight + frame[PDF_OF_TRANSITION[ilabel]]
                    _offer(reached, target, new, (*words, *([olabel] * bool(olabel))),
                           (*path, ilabel))  # fmt: skip
        tokens = _closure(reached, leaving)
    ended = [
        (cost + float(fst.final[state]), words, path)
        for state, (cost, words, path) in tokens.items()
        if np.isfinite(fst.final[state])
    ]
    cost, words, path = min(ended)
    return Best(cost, [graph.words[word - 1] for word in words], list(path))


def _offer(tokens, state, cost, words, path):
    if state not in tokens or cost < tokens[state][0]:
        tokens[state] = (cost, words, path)
        return True
    return False


def _closure(tokens, leaving):
    queue = list(tokens)
    while queue:
        state = queue.pop()
        cost, words, path = tokens[state]
        for ilabel, olabel, weight, target in leaving[state]:
            if not ilabel and _offer(
                tokens, target, cost + weight, (*words, *([olabel] * bool(olabel))), path
            ):
                queue.append(target)
    return tokens
