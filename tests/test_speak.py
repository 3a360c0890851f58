"""Speech synthesis with the real worker process, and the cache of rendered sentences."""

import os
import signal
import subprocess
import sys
import time
from array import array
from pathlib import Path

import msgspec
import pytest

from voiceskill.errors import SettingsError, SpeechError
from voiceskill.events import Pcm
from voiceskill.settings import Settings
from voiceskill.speak import Speaker
from voiceskill.speak_worker import LEAD_SECONDS, TAIL_SECONDS, trimmed
from voiceskill.speech_cache import SpeechCache

ROOT = Path(__file__).parents[1]
SENTENCE = "Pull your toes up towards your shin and hold."
VOICE = ("gmw/en-us", "150", "1.0")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(cache=tmp_path / "cache")


def peak(pcm: Pcm) -> int:
    samples = array("h")
    samples.frombytes(pcm.samples)
    return max(map(abs, samples))


def test_a_sentence_becomes_sound_of_about_the_expected_length(settings: Settings) -> None:
    with Speaker(settings) as speaker:
        pcm = speaker.render(SENTENCE)
    assert pcm.rate_hz == 22_050
    assert peak(pcm) > 3000
    # Nine words at 150 words per minute are 3.6 seconds.
    assert 2.0 < pcm.seconds < 5.0


def test_many_sentences_by_one_worker_each_with_its_own_sound(settings: Settings) -> None:
    sentences = [f"Hold it for {count} seconds." for count in range(1, 40)]
    with Speaker(settings) as speaker:
        sounds = [speaker.render(sentence) for sentence in sentences]
        again = [speaker.render(sentence) for sentence in sentences]
        pid = speaker.worker_pid
        speaker.render("One more.")
        assert speaker.worker_pid == pid
    assert len({sound.samples for sound in sounds}) == len(sentences)
    for first, second in zip(sounds, again, strict=True):
        assert abs(first.seconds - second.seconds) < 0.1


def test_the_rate_holds_from_the_first_sentence_on(settings: Settings) -> None:
    def lengths(words_per_minute: int) -> list[float]:
        chosen = msgspec.structs.replace(settings, words_per_minute=words_per_minute)
        with Speaker(chosen) as speaker:
            return [speaker.render(SENTENCE).seconds for _ in range(3)]

    slow, fast = lengths(110), lengths(200)
    assert min(slow) > 1.4 * max(fast)
    assert max(slow) - min(slow) < 0.15


def test_the_volume_is_heard(settings: Settings) -> None:
    with Speaker(settings) as loud, Speaker(msgspec.structs.replace(settings, volume=0.3)) as quiet:
        assert peak(loud.render(SENTENCE)) > 2 * peak(quiet.render(SENTENCE))


@pytest.mark.parametrize("sentence", ["", "  \n"])
def test_nothing_to_say_gives_no_samples(settings: Settings, sentence: str) -> None:
    with Speaker(settings) as speaker:
        assert speaker.render(sentence).samples == b""
        assert speaker.worker_pid is None


@pytest.mark.parametrize("sentence", ["…", "<break/> & [[x]]", "naïve café 10 °C", "\0odd"])
def test_strange_sentences_come_back(settings: Settings, sentence: str) -> None:
    with Speaker(settings) as speaker:
        assert speaker.render(sentence).rate_hz == 22_050
        assert peak(speaker.render(SENTENCE)) > 3000


def test_an_unknown_voice_is_named_with_some_that_exist(settings: Settings) -> None:
    with (
        Speaker(msgspec.structs.replace(settings, voice="gmw/klingon")) as speaker,
        pytest.raises(SettingsError, match="gmw/klingon") as raised,
    ):
        speaker.render(SENTENCE)
    assert "gmw/en-us" in raised.value.hint


def test_a_crashed_worker_is_replaced(settings: Settings) -> None:
    with Speaker(settings) as speaker:
        speaker.render(SENTENCE)
        pid = speaker.worker_pid
        assert pid is not None
        os.kill(pid, signal.SIGSEGV)
        assert peak(speaker.render("Now the other leg.")) > 3000
        assert speaker.worker_pid not in (None, pid)


def test_a_frozen_worker_is_replaced_at_the_deadline(settings: Settings) -> None:
    with Speaker(settings) as speaker:
        speaker.render(SENTENCE)
        assert speaker.worker_pid is not None
        os.kill(speaker.worker_pid, signal.SIGSTOP)
        assert peak(speaker.render("Now the other leg.")) > 3000


def test_without_espeak_the_next_step_is_said(tmp_path: Path) -> None:
    """In a mount namespace of its own, the library's file is hidden behind an empty one."""
    library = next(
        (
            path
            for folder in ("/usr/lib", "/lib", "/usr/local/lib")
            for path in sorted(Path(folder).glob("**/libespeak-ng.so.1"))
        ),
        None,
    )
    if library is None:
        pytest.skip("the system's espeak-ng library was not found, so it cannot be hidden")
    script = (
        "from pathlib import Path\n"
        "from voiceskill.errors import SpeechError\n"
        "from voiceskill.settings import Settings\n"
        "from voiceskill.speak import Speaker\n"
        "try:\n"
        f"    Speaker(Settings(cache=Path({str(tmp_path)!r}))).render('Hello.')\n"
        "except SpeechError as error:\n"
        "    print(error)\n"
    )
    hide = f'mount --bind /dev/null "{library.resolve()}" && exec "$0" -c "$1"'
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", hide, sys.executable, script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    if done.returncode != 0 and ("unshare:" in done.stderr or "mount:" in done.stderr):
        pytest.skip(f"no mount namespace here: {done.stderr.strip()}")
    assert "sudo apt install libespeak-ng1" in done.stdout, done.stderr


def test_nothing_is_left_in_the_temporary_folder(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    with Speaker(settings) as speaker:
        for number in range(5):
            speaker.render(f"Number {number}.")
        assert speaker.worker_pid is not None
        os.kill(speaker.worker_pid, signal.SIGKILL)
    assert list(scratch.iterdir()) == []


def test_only_sentences_to_keep_reach_the_disk(settings: Settings) -> None:
    assert settings.cache is not None
    folder = settings.cache / "speech"
    with Speaker(settings) as speaker:
        speaker.render("You said something private.")
        assert not folder.exists()
        speaker.render(SENTENCE, keep=True)
        assert len(list(folder.glob("*.pcm"))) == 1
        assert folder.stat().st_mode & 0o077 == 0


def test_a_kept_sentence_needs_no_worker(settings: Settings) -> None:
    with Speaker(settings) as speaker:
        pcm = speaker.render(SENTENCE, keep=True)
    with Speaker(settings) as speaker:
        assert speaker.render(SENTENCE, keep=True) == pcm
        assert speaker.worker_pid is None
    with Speaker(msgspec.structs.replace(settings, words_per_minute=110)) as speaker:
        assert speaker.render(SENTENCE, keep=True).seconds > pcm.seconds


def test_the_deadline_leaves_no_hang_when_the_worker_cannot_start(settings: Settings) -> None:
    with Speaker(settings) as speaker:
        # A worker that dies at once, every time, as with a broken installation.
        speaker._child._command[1:] = ["-c", "raise SystemExit(1)"]
        with pytest.raises(SpeechError, match="failed twice"):
            speaker.render(SENTENCE)


def tone(seconds: float, level: int, rate_hz: int = 22_050) -> array:
    return array("h", [level, -level] * round(seconds * rate_hz / 2))


def test_trimming_leaves_a_breath_and_every_sample_of_the_speech() -> None:
    speech = tone(0.5, 5000)
    sound = tone(0.3, 20) + speech + tone(0.6, 20)
    cut = trimmed(Pcm(22_050, sound.tobytes()))
    assert speech.tobytes() in cut.samples
    assert abs(cut.seconds - (0.5 + LEAD_SECONDS + TAIL_SECONDS)) < 0.02


@pytest.mark.parametrize("sound", [array("h"), tone(0.2, 20)])
def test_silence_is_left_alone(sound: array) -> None:
    assert trimmed(Pcm(22_050, sound.tobytes())).samples == sound.tobytes()


def test_speech_without_silence_is_left_alone() -> None:
    sound = tone(0.2, 9000).tobytes()
    assert trimmed(Pcm(22_050, sound)).samples == sound


@pytest.fixture
def cache(tmp_path: Path) -> SpeechCache:
    return SpeechCache(tmp_path / "speech")


PCM = Pcm(22_050, bytes(range(256)) * 40)


def test_the_cache_gives_back_what_it_was_given(cache: SpeechCache, tmp_path: Path) -> None:
    assert cache.get(SENTENCE, VOICE) is None
    cache.put(SENTENCE, VOICE, "espeak-ng 1.51", PCM)
    assert cache.get(SENTENCE, VOICE) == PCM
    assert SpeechCache(tmp_path / "speech").get(SENTENCE, VOICE) == PCM
    assert cache.get(SENTENCE, ("gmw/en-us", "110", "1.0")) is None
    assert cache.get(SENTENCE + " ", VOICE) is None


def test_another_engine_makes_everything_kept_stale(cache: SpeechCache) -> None:
    cache.put(SENTENCE, VOICE, "espeak-ng 1.51", PCM)
    cache.put("Now the other leg.", VOICE, "espeak-ng 1.52", PCM)
    assert cache.get(SENTENCE, VOICE) is None
    assert cache.get("Now the other leg.", VOICE) == PCM


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied", "other"])
def test_a_damaged_file_counts_as_none(cache: SpeechCache, tmp_path: Path, damage: str) -> None:
    cache.put(SENTENCE, VOICE, "espeak-ng 1.51", PCM)
    (file,) = (tmp_path / "speech").glob("*.pcm")
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(
        {"cut": bytes(data[:-9]), "flipped": bytes(data), "emptied": b"", "other": b"x" * 99}[
            damage
        ]
    )
    assert cache.get(SENTENCE, VOICE) is None


def test_the_oldest_go_when_the_cache_is_full(tmp_path: Path) -> None:
    cache = SpeechCache(tmp_path / "speech", limit_bytes=5 * (len(PCM.samples) + 16))
    for number in range(9):
        cache.put(f"Number {number}.", VOICE, "espeak-ng 1.51", PCM)
        time.sleep(0.01)
    kept = [n for n in range(9) if cache.get(f"Number {n}.", VOICE) is not None]
    assert kept == [4, 5, 6, 7, 8]


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = SpeechCache(tmp_path / "file" / "speech")
    cache.put(SENTENCE, VOICE, "espeak-ng 1.51", PCM)
    assert cache.get(SENTENCE, VOICE) is None
