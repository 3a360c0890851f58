import struct

from voiceskill.graph.phones import BLANK_PDF, PHONE_ID_COUNT, pdf_of_id
from voiceskill.graph.topology import TRANSITION_ID, TUPLES, entry_of, transition_model


def test_transition_ids_count_from_one_in_kaldis_order():
    # Kaldi numbers transitions tuple by tuple, and wants the tuples sorted by phone and state.
    assert list(TUPLES) == sorted(TUPLES)
    assert list(TRANSITION_ID.values()) == list(range(1, len(TRANSITION_ID) + 1))
    assert TRANSITION_ID[1, 0, 0] == 1 and TRANSITION_ID[1, 0, 1] == 2
    assert TRANSITION_ID[2, 0, 0] == 3 and TRANSITION_ID[2, 1, 2] == 7
    assert len(TRANSITION_ID) == 2 + 5 * (PHONE_ID_COUNT - 1)


def test_states_emit_their_label_or_blank():
    for phone, state, pdf in TUPLES:
        assert pdf == (pdf_of_id(phone) if state == 0 else BLANK_PDF)


def test_probabilities_of_each_state_sum_to_one():
    for phone in (1, 2):
        for state in entry_of(phone)[:-1]:
            assert sum(p for _, p in state.transitions) == 1.0


def test_transition_model_is_kaldis_binary_notation():
    data = transition_model()
    assert data.startswith(b"<TransitionModel> <Topology> \x04" + struct.pack("<i", 157))
    assert data.endswith(b"</LogProbs> </TransitionModel> ")
    at = data.index(b"<Triples> ") + len(b"<Triples> ")
    assert data[at : at + 5] == b"\x04" + struct.pack("<i", len(TUPLES))
    first_triple = b"".join(b"\x04" + struct.pack("<i", v) for v in TUPLES[0])
    assert data[at + 5 : at + 20] == first_triple
    vector = data.index(b"<LogProbs> FV ") + len(b"<LogProbs> FV ")
    assert data[vector : vector + 5] == b"\x04" + struct.pack("<i", len(TRANSITION_ID) + 1)
