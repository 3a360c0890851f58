"""Graphs decoded by a plain Viterbi search over ideal network outputs: no audio, no Vosk."""

import numpy as np
import pytest

from tests.graph_decoder import PDF_OF_TRANSITION, PHONE_OF_TRANSITION, decode, frames
from voiceskill.errors import GraphError
from voiceskill.graph.compile import compile_graph
from voiceskill.graph.options import GraphOptions
from voiceskill.graph.phones import Position, phone_id
from voiceskill.graph.topology import TRANSITION_ID, entry_of

SENTENCES = ["my calf hurts", "stretch my calf", "stop", "my feet hurt", "meet my feat", "no"] * 5
KNOWN_ONLY = GraphOptions(unknown=False)


@pytest.fixture(scope="module")
def closed():
    return compile_graph(SENTENCES, KNOWN_ONLY)


@pytest.fixture(scope="module")
def graph():
    return compile_graph(SENTENCES, GraphOptions())


def heard(graph, spoken):
    return " ".join(decode(graph, frames(spoken)).words)


def test_words_are_sorted_and_end_with_the_backoff_symbol(closed, graph):
    assert closed.words == tuple(sorted({w for s in SENTENCES for w in s.split()}))
    assert graph.words == (*closed.words, "<unk>")
    lines = closed.words_txt().splitlines()
    assert lines[0] == "<eps> 0" and lines[1] == "calf 1"
    assert lines[-1] == f"#0 {len(closed.words) + 1}"


@pytest.mark.parametrize(
    ("spoken", "words"),
    [
        ("_ _ M AY _ K AE F _ HH ER T S _ _", "my calf hurts"),
        ("M M AY AY K K AE AE F F HH ER T S", "my calf hurts"),
        ("_ S T R EH CH _ M AY _ _ _ _ _ _ K AA F _", "stretch my calf"),
        ("_ S T AA P _", "stop"),
        ("N OW", "no"),
    ],
)
def test_a_sentence_spoken_is_heard(closed, graph, spoken, words):
    assert heard(closed, spoken) == words
    assert heard(graph, spoken) == words


def test_homophones_are_told_apart_by_the_words_around_them(closed):
    assert heard(closed, "M AY _ F IY T _ HH ER T") == "my feet hurt"
    assert heard(closed, "M IY T _ M AY _ F IY T") == "meet my feat"


def test_words_never_seen_together_can_follow_each_other(closed):
    assert heard(closed, "S T AA P _ K AE F") == "stop calf"


def test_other_speech_is_unknown(graph):
    assert heard(graph, "_ K IH CH AH N _ L AY T S _ P L IY Z _").split()[0] == "<unk>"
    assert heard(graph, "_ M AY _ K IH CH AH N _") == "my <unk>"


def test_without_unknown_every_word_is_one_of_the_content(closed):
    words = heard(closed, "_ K IH CH AH N _ L AY T S _ P L IY Z _").split()
    assert words and "<unk>" not in words


def test_a_dearer_unknown_word_is_heard_less():
    spoken = "_ M AY _ K AE P _ HH ER T S _"
    cheap = compile_graph(SENTENCES, GraphOptions(unknown_entry_cost=0.0, unknown_phone_scale=0.1))
    dear = compile_graph(SENTENCES, GraphOptions(unknown_entry_cost=30.0))
    assert "<unk>" in heard(cheap, spoken)
    assert heard(dear, spoken) == "my calf hurts"


def test_silence_goes_to_silence(closed):
    path = decode(closed, frames("_ " * 30 + "S T AA P" + " _" * 30)).transitions
    phones = [PHONE_OF_TRANSITION[t] for t in path]
    assert phones[:30] == [1] * 30 and phones[-20:] == [1] * 20


def test_alignment_says_where_each_word_begins_and_ends(closed):
    spoken = "_ M AY AY _ K K AE F _ HH ER T S"
    path = decode(closed, frames(spoken)).transitions
    starts = [
        (frame, PHONE_OF_TRANSITION[t])
        for frame, t in enumerate(path)
        if _leaves_phone(t) and PHONE_OF_TRANSITION[t] != 1
    ]
    ends = {"S": 13, "F": 8, "AY": 2}
    assert [frame for frame, _ in starts] == [1, 2, 5, 7, 8, 10, 11, 12, 13]
    by_frame = dict(starts)
    assert by_frame[1] == phone_id("M", Position.BEGIN)
    for phone, frame in ends.items():
        assert by_frame[frame] == phone_id(phone, Position.END)
    assert by_frame[7] == phone_id("AE", Position.INTERNAL)


def _leaves_phone(transition):
    ((phone, _, destination),) = [k for k, v in TRANSITION_ID.items() if v == transition]
    return destination == len(entry_of(phone)) - 1


def test_each_phone_is_entered_once_and_then_only_repeats(closed):
    """What Kaldi's word alignment relies on: one way out a phone, then its own self-loops."""
    path = decode(closed, frames("_ S S T _ _ R EH EH _ CH _ M AY K AE F _")).transitions
    name = {v: k for k, v in TRANSITION_ID.items()}
    current = None
    for transition in path:
        phone, state, destination = name[transition]
        if state == destination:
            assert phone == current
        else:
            assert _leaves_phone(transition)
            current = phone


def test_every_frame_uses_the_output_it_is_scored_by(closed):
    spoken = "_ S T AA AA P _"
    best = decode(closed, frames(spoken))
    pdfs = [PDF_OF_TRANSITION[t] for t in best.transitions]
    assert [bool(p) for p in pdfs] == [s != "_" for s in spoken.split()]


def test_pruning_and_order_make_smaller_graphs():
    rng = np.random.default_rng(1)
    words = ["calf", "foot", "leg", "toe", "hand", "back", "neck", "shin"]
    sentences = [" ".join(rng.choice(words, 6)) for _ in range(400)]
    sizes = [
        len(compile_graph(sentences, options).hclg.arcs)
        for options in (
            GraphOptions(),
            GraphOptions(least_trigram_count=2),
            GraphOptions(order=2),
        )
    ]
    assert sizes[0] > sizes[1] > sizes[2]


def test_every_state_can_be_reached_and_left(graph):
    fst = graph.hclg
    forward = _reachable(fst.source, fst.arcs["target"], [fst.start], fst.states)
    final = np.flatnonzero(np.isfinite(fst.final)).tolist()
    backward = _reachable(fst.arcs["target"], fst.source, final, fst.states)
    assert forward.all() and backward.all()


def _reachable(sources, targets, seeds, states):
    reached = np.zeros(states, dtype=bool)
    reached[seeds] = True
    while True:
        before = reached.sum()
        reached[targets[reached[sources]]] = True
        if reached.sum() == before:
            return reached


def test_the_same_sentences_give_the_same_bytes():
    from voiceskill.graph.fst import to_bytes

    first, second = (to_bytes(compile_graph(SENTENCES, GraphOptions()).hclg) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("sentences", [[], ["", "  "]])
def test_nothing_to_recognise_is_an_error(sentences):
    with pytest.raises(GraphError, match="no sentence"):
        compile_graph(sentences, GraphOptions())


def test_a_word_that_cannot_be_said_is_named():
    with pytest.raises(GraphError, match="'b12'"):
        compile_graph(["take vitamin b12"], GraphOptions())
