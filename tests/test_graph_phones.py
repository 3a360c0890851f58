from voiceskill.graph.phones import (
    PHONE_ID_COUNT,
    PHONES,
    Position,
    pdf_of,
    pdf_of_id,
    phone_id,
    phones_txt,
    word_boundary_int,
    word_phone_ids,
)


def test_ids_are_silence_then_four_a_phone():
    assert (phone_id("AA", Position.BEGIN), phone_id("AA", Position.SINGLETON)) == (2, 5)
    assert phone_id("ZH", Position.SINGLETON) == PHONE_ID_COUNT == 157
    assert len(PHONES) == 39 and list(PHONES) == sorted(PHONES)


def test_positions_share_the_phones_output():
    for phone in PHONES:
        assert {pdf_of_id(phone_id(phone, place)) for place in Position} == {pdf_of(phone)}
    assert pdf_of_id(1) == 0
    assert sorted(map(pdf_of, PHONES)) == list(range(1, 40))


def test_a_word_begins_and_ends_once():
    assert word_phone_ids(["AY"]) == (phone_id("AY", Position.SINGLETON),)
    assert word_phone_ids(["K", "AE", "F"]) == (
        phone_id("K", Position.BEGIN),
        phone_id("AE", Position.INTERNAL),
        phone_id("F", Position.END),
    )


def test_files_name_every_id_once():
    symbols = dict(line.split() for line in phones_txt().splitlines())
    assert symbols["SIL"] == "1" and symbols["AA_B"] == "2" and len(symbols) == 158
    boundary = dict(line.split() for line in word_boundary_int().splitlines())
    assert list(boundary) == [str(k) for k in range(1, 158)]
    assert boundary["1"] == "nonword"
    assert boundary[symbols["K_B"]] == "begin" and boundary[symbols["K_E"]] == "end"
    assert boundary[symbols["K_I"]] == "internal" and boundary[symbols["K_S"]] == "singleton"
