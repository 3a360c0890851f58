import kaldifst
import numpy as np
import pytest

from voiceskill.errors import GraphError
from voiceskill.graph.fst import Builder, from_bytes, to_bytes


@pytest.fixture
def small():
    builder = Builder()
    for _ in range(4):
        builder.state()
    builder.arc(2, 7, 0, 0.0, 3)
    builder.arc(0, 2, 5, 0.5, 1)
    builder.arc(0, 1, 6, 1.5, 2)
    builder.final(3, 0.125)
    builder.final(1)
    return builder.fst(0)


def test_arcs_are_sorted_by_state_and_label(small):
    assert small.source.tolist() == [0, 0, 2]
    assert small.arcs["ilabel"].tolist() == [1, 2, 7]


def test_openfst_reads_it(small, tmp_path):
    path = tmp_path / "a.fst"
    path.write_bytes(to_bytes(small))
    read = kaldifst.StdVectorFst.read(str(path))
    assert (read.num_states, read.start) == (4, 0)
    lines = [line.split() for line in str(read).split("\n") if line]
    assert ["0", "1", "2", "5", "0.5"] in lines
    assert ["0", "2", "1", "6", "1.5"] in lines
    assert ["3", "0.125"] in lines


def test_what_openfst_writes_is_read_back(small, tmp_path):
    path = tmp_path / "a.fst"
    path.write_bytes(to_bytes(small))
    kaldifst.StdVectorFst.read(str(path)).write(str(path))
    back = from_bytes(path.read_bytes())
    assert back.start == small.start
    assert np.array_equal(back.final, small.final)
    assert np.array_equal(back.source, small.source)
    assert np.array_equal(back.arcs, small.arcs)


@pytest.mark.parametrize("keep", [0, 3, 30, 60, -4, -1])
def test_a_file_cut_short_is_an_error(small, keep):
    with pytest.raises(GraphError, match="damaged"):
        from_bytes(to_bytes(small)[:keep])


def test_another_kind_of_file_is_an_error(small):
    with pytest.raises(GraphError, match="not an OpenFst file"):
        from_bytes(b"RIFF" * 30)
    with pytest.raises(GraphError, match="damaged"):
        from_bytes(to_bytes(small).replace(b"standard", b"lattice4"))
