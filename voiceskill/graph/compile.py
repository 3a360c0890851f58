"""From sentences to a decoding graph: n-gram, lexicon, composition, expansion to transition-ids.

The steps are those of Mohri, Pereira and Riley 2008, "Speech recognition with weighted
finite-state transducers", section 4, without context dependency: the network's outputs are plain
phones. ``kaldifst`` composes, determinises and minimises; everything else is arrays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import kaldifst
import numpy as np
from numpy.typing import NDArray

from voiceskill.errors import GraphError
from voiceskill.graph.expand import expand
from voiceskill.graph.fst import Builder, Fst, from_bytes, from_columns, to_bytes
from voiceskill.graph.lexicon import Pronunciation, pronunciations
from voiceskill.graph.ngram import UNIGRAM_STATE, backoff_automaton
from voiceskill.graph.options import GraphOptions
from voiceskill.graph.phones import PHONE_ID_COUNT, SILENCE_ID, word_phone_ids
from voiceskill.graph.unknown import UNKNOWN, add_unknown_word, phone_model

_MOST_STATES = 3_000_000
"""Where determinisation gives up; some twenty times what the largest sensible content needs."""


@dataclass(frozen=True, slots=True)
class Graph:
    """A compiled graph."""

    hclg: Fst
    """Transition-ids in, words out."""
    words: tuple[str, ...]
    """Word ``k`` has the label ``k + 1``; ``#0`` follows the last."""

    def words_txt(self) -> str:
        """Return Kaldi's word symbol table."""
        rows = ["<eps>", *self.words, "#0"]
        return "".join(f"{word} {label}\n" for label, word in enumerate(rows))


def compile_graph(sentences: Sequence[str], options: GraphOptions) -> Graph:
    """Compile ``sentences`` (normalised words, single spaces) into a graph.

    A sentence said twice weighs twice. Raises GraphError when there is no sentence, when a word
    cannot be pronounced, or when the graph would grow out of bounds.
    """
    texts = [sentence.split() for sentence in sentences]
    texts = [text for text in texts if text]
    if not texts:
        raise GraphError("There is no sentence to recognise.", "Add a sentence to the content.")
    known = pronunciations({w for text in texts for w in text}, options.pronunciations)
    words = tuple(sorted(known)) + ((UNKNOWN,) if options.unknown else ())
    label = {word: k + 1 for k, word in enumerate(words)}
    backoff_label = len(words) + 1
    grammar = backoff_automaton(
        [[label[word] for word in text] for text in texts],
        len(known),
        order=options.order,
        discount=options.discount,
        least_count=options.least_trigram_count,
        backoff_label=backoff_label,
    )
    if options.unknown:
        grammar = _with_unknown(grammar, label[UNKNOWN], backoff_label, options)
    lexicon = _lexicon(known, label, backoff_label, options)
    return Graph(expand(_compose(lexicon, grammar), options.blank_cost), words)


def _with_unknown(grammar: Fst, unknown: int, backoff_label: int, options: GraphOptions) -> Fst:
    """Let ``<unk>`` follow anything at one cost, and lead to one state of its own.

    One state, because composition copies the whole phone loop for every state that the word
    leads to. Two words never seen together cost extra, so that unrelated speech is not spelt out
    of the content's short words.
    """
    state = grammar.states
    arcs = grammar.arcs
    unseen = (arcs["ilabel"] == backoff_label) & (arcs["target"] == UNIGRAM_STATE)
    weight = arcs["weight"] + np.where(unseen, options.unseen_pair_cost, 0.0)
    sources = np.arange(state + 2)  # every history, then <unk> again, then back to known words
    sources[-1] = state
    unknown_arc = np.arange(state + 2) <= state
    return from_columns(
        grammar.start,
        np.append(grammar.final, grammar.final[UNIGRAM_STATE]),
        np.append(grammar.source, sources),
        np.append(arcs["ilabel"], np.where(unknown_arc, unknown, backoff_label)),
        np.append(arcs["olabel"], np.where(unknown_arc, unknown, 0)),
        np.append(weight, _unknown_costs(state, options)),
        np.append(arcs["target"], np.where(unknown_arc, state, UNIGRAM_STATE)),
    )


def _unknown_costs(state: int, options: GraphOptions) -> NDArray[np.float64]:
    costs = np.full(state + 2, options.unknown_entry_cost)
    costs[state:] = options.unknown_again_cost, options.unseen_pair_cost
    return costs


def _lexicon(
    known: Mapping[str, Sequence[Pronunciation]],
    label: Mapping[str, int],
    backoff_label: int,
    options: GraphOptions,
) -> Fst:
    """Return the lexicon: phone ids in, words out, one state between words.

    Homophones end in a disambiguation symbol each; that a word is the beginning of another needs
    none, because last phones have ids of their own.
    """
    backoff_phone = PHONE_ID_COUNT + 1
    lexicon = Builder()
    between = lexicon.state()
    lexicon.final(between)
    lexicon.arc(between, SILENCE_ID, 0, options.silence_cost, between)
    lexicon.arc(between, backoff_phone, backoff_label, 0.0, between)
    sounds: Counter[Pronunciation] = Counter(p for variants in known.values() for p in variants)
    seen: Counter[Pronunciation] = Counter()
    most = 0
    for word, variants in known.items():
        for sound in variants:
            phones = list(word_phone_ids(sound))
            if sounds[sound] > 1:
                seen[sound] += 1
                most = max(most, seen[sound])
                phones.append(backoff_phone + seen[sound])
            _add_path(lexicon, between, phones, label[word])
    if options.unknown:
        entry, inner, end = backoff_phone + most + 1, backoff_phone + most + 2, lexicon.state()
        start = lexicon.state()
        lexicon.arc(between, entry, label[UNKNOWN], 0.0, start)
        lexicon.arc(end, inner, 0, 0.0, between)
        model = phone_model(options)
        add_unknown_word(lexicon, model, start, end, inner, options.unknown_phone_scale)
    return lexicon.fst(between)


def _add_path(lexicon: Builder, between: int, phones: Sequence[int], word: int) -> None:
    state = between
    for k, phone in enumerate(phones):
        target = between if k == len(phones) - 1 else lexicon.state()
        lexicon.arc(state, phone, word if k == 0 else 0, 0.0, target)
        state = target


def _compose(lexicon: Fst, grammar: Fst) -> Fst:
    """Return min(det(lexicon o grammar)), disambiguation symbols still in it."""
    composed: Any
    with TemporaryDirectory(prefix="voiceskill-graph-") as folder:
        left = _load(lexicon, Path(folder) / "L.fst", "olabel")
        right = _load(grammar, Path(folder) / "G.fst", "ilabel")
        composed = kaldifst.compose(left, right)
        stopped_early = kaldifst.determinize_star(composed, max_states=_MOST_STATES)
        if stopped_early:
            raise GraphError(
                "The content's sentences make too large a graph.",
                "Sample fewer sentences, or shorten the longest templates.",
            )
        kaldifst.minimize_encoded(composed)
        path = Path(folder) / "LG.fst"
        composed.write(str(path))
        return from_bytes(path.read_bytes())


def _load(fst: Fst, path: Path, sorted_by: str) -> Any:
    path.write_bytes(to_bytes(fst))
    loaded = kaldifst.StdVectorFst.read(str(path))
    kaldifst.arcsort(loaded, sorted_by)
    return loaded
