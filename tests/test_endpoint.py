"""Frames with made-up speech probabilities through the endpointer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from voiceskill.capture import frames_of
from voiceskill.endpoint import Endpointer
from voiceskill.events import FRAME_SECONDS, Frame, SpeechStarted, Utterance
from voiceskill.settings import Settings

SETTINGS = Settings(end_silence_seconds=0.32, longest_utterance_seconds=2.0)
END_FRAMES = 10
LONGEST_FRAMES = 62
SPEECH, SILENCE, UNSURE = 0.9, 0.1, 0.4


def frame(index: int) -> Frame:
    """Return a frame whose samples say which one it is."""
    return Frame(index.to_bytes(2, "little") * 512, index * FRAME_SECONDS)


def numbers(utterance: Utterance) -> list[int]:
    """Return which frames an utterance is made of."""
    pcm = utterance.pcm
    return [int.from_bytes(pcm[at : at + 2], "little") for at in range(0, len(pcm), 1024)]


def events(
    probabilities: Iterable[float], settings: Settings = SETTINGS
) -> list[SpeechStarted | Utterance]:
    endpointer = Endpointer(settings)
    found: list[SpeechStarted | Utterance] = []
    for index, probability in enumerate(probabilities):
        found += endpointer.step(frame(index), probability)
    return [*found, *endpointer.flush()]


def utterances(probabilities: Iterable[float]) -> list[Utterance]:
    return [event for event in events(probabilities) if isinstance(event, Utterance)]


def test_an_utterance_takes_half_a_second_before_it_and_the_silence_after_it() -> None:
    started, utterance = events([SILENCE] * 40 + [SPEECH] * 20 + [SILENCE] * 40)
    assert started == SpeechStarted(40 * FRAME_SECONDS)
    assert isinstance(utterance, Utterance)
    found = numbers(utterance)
    assert (40 - found[0]) * FRAME_SECONDS >= 0.5
    assert found == list(range(found[0], 60 + END_FRAMES))
    assert utterance.start_seconds == found[0] * FRAME_SECONDS
    assert utterance.end_seconds == (found[-1] + 1) * FRAME_SECONDS
    assert not utterance.truncated


def test_speech_from_the_first_sample_is_whole() -> None:
    assert numbers(utterances([SPEECH] * 20 + [SILENCE] * 20)[0])[0] == 0


def test_two_loud_frames_are_a_knock() -> None:
    assert events([SILENCE] * 10 + [SPEECH] * 2 + [SILENCE] * 30) == []


def test_three_of_five_frames_are_speech() -> None:
    pattern = [SPEECH, SILENCE, SPEECH, SILENCE, SPEECH]
    assert len(utterances([SILENCE] * 10 + pattern + [SILENCE] * 30)) == 1


def test_a_pause_shorter_than_the_end_silence_does_not_split() -> None:
    pause = [SILENCE] * (END_FRAMES - 1)
    assert len(utterances([SPEECH] * 10 + pause + [SPEECH] * 10)) == 1


def test_a_longer_pause_splits() -> None:
    pause = [SILENCE] * (END_FRAMES + 1)
    assert len(utterances([SPEECH] * 10 + pause + [SPEECH] * 10)) == 2


def test_unsure_frames_continue_speech_but_do_not_start_it() -> None:
    assert events([UNSURE] * 50) == []
    (utterance,) = utterances([SPEECH] * 5 + [UNSURE] * 30 + [SILENCE] * 20)
    assert len(numbers(utterance)) == 35 + END_FRAMES


def test_the_end_silence_is_a_setting() -> None:
    probabilities = [SPEECH] * 10 + [SILENCE] * 15 + [SPEECH] * 10
    for seconds, count in ((0.3, 2), (0.6, 1)):
        found = events(probabilities, Settings(end_silence_seconds=seconds))
        assert sum(isinstance(event, Utterance) for event in found) == count


def test_the_end_of_the_stream_ends_the_utterance() -> None:
    (utterance,) = utterances([SPEECH] * 10)
    assert numbers(utterance) == list(range(10))
    assert not utterance.truncated


def test_a_flushed_endpointer_starts_afresh() -> None:
    endpointer = Endpointer(SETTINGS)
    for index in range(10):
        endpointer.step(frame(index), SPEECH)
    assert endpointer.speaking
    assert endpointer.flush()
    assert not endpointer.speaking
    assert endpointer.flush() == ()
    assert endpointer.step(frame(0), SPEECH) == ()


def test_a_long_utterance_is_cut_and_continues_without_a_gap() -> None:
    found = utterances([SPEECH] * (LONGEST_FRAMES * 2 + 7) + [SILENCE] * 20)
    assert [one.truncated for one in found] == [True, True, False]
    assert len(numbers(found[0])) == LONGEST_FRAMES
    joined = [number for one in found for number in numbers(one)]
    assert joined == list(range(LONGEST_FRAMES * 2 + 7 + END_FRAMES))


def test_after_a_cut_quiet_speech_still_continues() -> None:
    found = utterances([SPEECH] * LONGEST_FRAMES + [UNSURE] * 20)
    assert [len(numbers(one)) for one in found] == [LONGEST_FRAMES, 20]


def test_after_a_cut_silence_is_no_utterance() -> None:
    found = events([SPEECH] * LONGEST_FRAMES + [SILENCE] * 100)
    assert [type(event) for event in found] == [SpeechStarted, Utterance]


def test_after_a_cut_and_silence_a_knock_is_a_knock_again() -> None:
    found = utterances(
        [SPEECH] * LONGEST_FRAMES + [SILENCE] * 40 + [SPEECH, SPEECH] + [SILENCE] * 9
    )
    assert len(found) == 1


probabilities = st.lists(
    st.tuples(st.sampled_from([SPEECH, SILENCE, UNSURE]), st.integers(1, 40)), max_size=12
).map(lambda runs: [value for value, count in runs for _ in range(count)])


@given(probabilities)
def test_utterances_are_unbroken_in_order_and_hold_all_speech(sequence: Sequence[float]) -> None:
    found = events(sequence)
    kinds = [type(event) for event in found]
    assert kinds == [SpeechStarted, Utterance] * (len(found) // 2), "they alternate"
    held: list[int] = []
    for started, utterance in zip(found[::2], found[1::2], strict=True):
        assert isinstance(utterance, Utterance)
        part = numbers(utterance)
        assert part == list(range(part[0], part[-1] + 1))
        assert len(part) <= LONGEST_FRAMES
        assert utterance.start_seconds <= started.start_seconds < utterance.end_seconds
        held += part
    assert held == sorted(set(held)), "no frame twice"
    for start in range(len(sequence) - 4):
        window = range(start, start + 5)
        if sum(sequence[index] == SPEECH for index in window) >= 3:
            speech = {index for index in window if sequence[index] == SPEECH}
            assert speech <= set(held), "no speech lost"


@given(st.binary(max_size=40_000), st.lists(st.integers(0, 5_000), max_size=20), probabilities)
def test_how_the_audio_arrives_changes_nothing(
    pcm: bytes, sizes: Sequence[int], likely: Sequence[float]
) -> None:
    def run(chunks: Iterable[bytes]) -> list[SpeechStarted | Utterance]:
        endpointer = Endpointer(SETTINGS)
        found: list[SpeechStarted | Utterance] = []
        for index, one in enumerate(frames_of(chunks)):
            found += endpointer.step(one, likely[index % len(likely)] if likely else SPEECH)
        return [*found, *endpointer.flush()]

    chunks, at = [], 0
    for size in sizes:
        chunks.append(pcm[at : at + size])
        at += size
    assert run([*chunks, pcm[at:]]) == run([pcm])
