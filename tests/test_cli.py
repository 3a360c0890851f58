"""The command line as a person meets it: what it shows, its exit codes, and no traceback ever."""

import json
import os
import signal
import subprocess
import sys
import wave
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from voiceskill import __version__
from voiceskill.cli import main

ROOT = Path(__file__).parents[1]
QUESTION = Path(__file__).parent / "audio" / "special" / "question.wav"
"""Why are my legs cramping?"""
ASK = "why are my legs cramping"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def environment(model_folder: Path, cache: Path, tmp_path: Path) -> dict[str, str]:
    """A user with nothing of their own but a cache."""
    return {
        "VOICESKILL_MODEL": str(model_folder),
        "VOICESKILL_CACHE": str(cache),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }


def run(environment: dict[str, str], *arguments: str | Path) -> Result:
    runner = CliRunner(env=environment)
    return runner.invoke(main, [str(argument) for argument in arguments])


def start(environment: dict[str, str], *arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "voiceskill", *map(str, arguments)],
        # A shell's background job ignores Ctrl-C, and its children would as well.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


def test_help_and_version(environment: dict[str, str]) -> None:
    assert "ask" in run(environment, "--help").output
    assert run(environment, "--version").output == f"voiceskill {__version__}\n"


def test_help_imports_nothing_heavy(environment: dict[str, str]) -> None:
    script = (
        "import sys\n"
        "from voiceskill.cli import main\n"
        "try:\n"
        "    main(['--help'])\n"
        "except SystemExit:\n"
        "    pass\n"
        "heavy = {'numpy', 'msgspec', 'rich', 'rapidfuzz', 'voiceskill.session'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    command = [sys.executable, "-c", script]
    subprocess.run(
        command,
        check=True,
        timeout=60,
        capture_output=True,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
    )


def test_a_typed_question(environment: dict[str, str]) -> None:
    result = run(environment, "ask", "--text", ASK, "--no-speech")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Asked: {ASK}\nUnderstood: why.legs (score ")
    assert "Sources:" in result.stdout and "https://" in result.stdout
    assert "not yet been reviewed by a clinician" in result.stdout
    assert result.stderr == ""


def test_a_recorded_question(environment: dict[str, str]) -> None:
    result = run(environment, "ask", QUESTION, "--no-speech")
    assert result.exit_code == 0, result.output
    first, second = result.stdout.splitlines()[:2]
    assert first.startswith("Heard: why are my")
    assert second.startswith("Understood: why.legs (score ")


def test_quiet_shows_the_answer_only(environment: dict[str, str]) -> None:
    spoken = run(environment, "ask", "--text", ASK, "--no-speech").stdout
    result = run(environment, "ask", "--text", ASK, "--no-speech", "--quiet")
    assert result.stdout and result.stdout in spoken
    assert "Sources" not in result.stdout and ASK not in result.stdout


def test_danger_cannot_be_missed(environment: dict[str, str]) -> None:
    result = run(
        environment, "ask", "--text", "there is a crushing pain in my chest", "--no-speech"
    )
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert "!! THIS MAY BE AN EMERGENCY" in lines
    assert sum(set(line) == {"!"} and len(line) > 20 for line in lines) == 2


def test_nobody_can_answer_a_question_here_so_it_counts_as_yes(
    environment: dict[str, str],
) -> None:
    result = run(environment, "ask", "--text", "my leg is a bit numb", "--no-speech", "--json")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    names = ["transcript", "red_flag", "reply", "red_flag", "reply"]
    assert [event["event"] for event in events] == names
    assert [event["doubt"] for event in (events[1], events[3])] == [True, False]
    assert [event["kind"] for event in (events[2], events[4])] == ["check", "red_flag"]
    assert events[4]["sentences"][0].startswith("If yes")


def test_a_refusal_is_friendly_and_no_failure(environment: dict[str, str]) -> None:
    result = run(environment, "ask", "--text", "mumble grumble", "--no-speech")
    assert result.exit_code == 0
    assert "Not answered: " in result.stdout
    assert "say that again" in result.stdout


def test_json_is_every_event_and_nothing_else(environment: dict[str, str]) -> None:
    result = run(environment, "ask", QUESTION, "--json", "--no-speech")
    assert result.exit_code == 0 and result.stderr == ""
    events = [json.loads(line) for line in result.stdout.splitlines()]
    names = ["speech_started", "utterance", "transcript", "match", "reply"]
    assert [event["event"] for event in events] == names
    assert events[2]["text"].startswith("why") and events[2]["words"][0]["text"] == "why"
    assert events[3]["intent"] == "why.legs"


def test_the_answer_is_kept_as_a_file(environment: dict[str, str], tmp_path: Path) -> None:
    out = tmp_path / "answer.wav"
    result = run(environment, "ask", QUESTION, "--out", out)
    assert result.exit_code == 0 and "answer.wav" in result.stderr
    with wave.open(str(out)) as file:
        assert file.getframerate() == 22_050
        assert file.getnframes() > 3 * 22_050
    assert list(tmp_path.glob(".*")) == [], "nothing is left beside it"


def test_the_answer_cannot_be_kept_there(environment: dict[str, str], tmp_path: Path) -> None:
    result = run(environment, "ask", "--text", ASK, "--out", tmp_path / "no" / "answer.wav")
    assert result.exit_code == 5
    assert "answer.wav' cannot be written: No such file or directory." in result.stderr


@pytest.mark.parametrize("arguments", [[], ["a.wav", "--text", "why"]])
def test_one_question_is_needed(environment: dict[str, str], arguments: list[str]) -> None:
    result = run(environment, "ask", *arguments)
    assert result.exit_code == 2
    assert "ask FILE, or ask --text TEXT" in result.stderr


def header(
    rate_hz: int = 16_000, channels: int = 1, width_bits: int = 16, length: int = 0
) -> bytes:
    align = channels * width_bits // 8
    rate = (rate_hz * align) & 0xFFFFFFFF
    return (
        b"RIFF" + (36 + length).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
        + (1).to_bytes(2, "little") + channels.to_bytes(2, "little")
        + rate_hz.to_bytes(4, "little") + rate.to_bytes(4, "little")
        + align.to_bytes(2, "little") + width_bits.to_bytes(2, "little")
        + b"data" + length.to_bytes(4, "little")
    )  # fmt: skip


BAD_RECORDINGS = {
    "missing": None,
    "no audio": b"Dear diary, today my calf cramped.\n" * 40,
    "empty file": b"",
    "no samples": header(),
    "rate zero": header(0, length=3200) + bytes(3200),
    "rate absurd": header(4_000_000_000, length=3200) + bytes(3200),
    "no channels": header(channels=0, length=3200) + bytes(3200),
    "cut short": header(length=64_000) + bytes(6400),
    "half a header": header()[:20],
}


@pytest.mark.parametrize("kind", list(BAD_RECORDINGS))
def test_a_bad_recording_has_one_clear_message(
    environment: dict[str, str], tmp_path: Path, kind: str
) -> None:
    recording = tmp_path / "question.wav"
    data = BAD_RECORDINGS[kind]
    if data is not None:
        recording.write_bytes(data)
    assert_failure(run(environment, "ask", recording, "--no-speech"), 5, "question.wav")


def test_a_bad_recording_is_refused_before_the_graph_is_compiled(
    environment: dict[str, str], tmp_path: Path
) -> None:
    environment |= {"VOICESKILL_MODEL": "", "VOICESKILL_CACHE": str(tmp_path / "fresh")}
    assert_failure(run(environment, "ask", tmp_path / "no.wav", "--no-speech"), 5, "no.wav")
    assert not (tmp_path / "fresh" / "graphs").exists()


def test_a_recording_of_three_hours_is_refused_unread(
    environment: dict[str, str], tmp_path: Path
) -> None:
    recording = tmp_path / "long.wav"
    length = 3 * 3600 * 32_000
    with recording.open("wb") as file:
        file.write(header(length=length))
        file.truncate(44 + length)
    assert_failure(run(environment, "ask", recording, "--no-speech"), 5, "long.wav")


def test_a_folder_is_no_recording(environment: dict[str, str], tmp_path: Path) -> None:
    assert_failure(run(environment, "ask", tmp_path, "--no-speech"), 5, str(tmp_path))


def assert_failure(result: Result, exit_code: int, named: str) -> None:
    """One line says what is wrong and one what to do; both are on stderr."""
    assert result.exit_code == exit_code, result.output
    message, hint = result.stderr.splitlines()
    assert message.startswith("voiceskill: ") and named in message
    assert hint.startswith("  ") and len(hint) > 10
    assert result.stdout == ""


def test_a_setting_that_cannot_be_used(environment: dict[str, str]) -> None:
    environment["VOICESKILL_WORDS_PER_MINUTE"] = "9000"
    assert_failure(run(environment, "ask", "--text", ASK), 3, "words_per_minute")


def test_a_model_that_is_not_there(environment: dict[str, str]) -> None:
    environment["VOICESKILL_MODEL"] = "vosk-model-giant"
    assert_failure(run(environment, "ask", QUESTION, "--no-speech"), 6, "vosk-model-giant")


def test_content_that_is_not_there(environment: dict[str, str], tmp_path: Path) -> None:
    environment["VOICESKILL_INTENTS"] = str(tmp_path)
    assert_failure(run(environment, "ask", "--text", ASK, "--no-speech"), 4, str(tmp_path))


def test_an_unknown_voice(environment: dict[str, str], tmp_path: Path) -> None:
    environment["VOICESKILL_VOICE"] = "gmw/klingon"
    result = run(environment, "ask", "--text", ASK, "--out", tmp_path / "answer.wav")
    assert result.exit_code == 3
    assert "gmw/klingon" in result.stderr and "gmw/en-us" in result.stderr
    assert not (tmp_path / "answer.wav").exists()


def test_settings_are_shown_as_they_could_be_written(environment: dict[str, str]) -> None:
    import tomllib

    environment["VOICESKILL_REGION"] = "uk"
    result = run(environment, "settings")
    assert result.exit_code == 0
    shown = tomllib.loads(result.stdout)
    assert shown["region"] == "uk" and shown["words_per_minute"] == 150
    assert str(Path(environment["XDG_CONFIG_HOME"]) / "voiceskill") in result.stdout


def test_models_are_listed_and_the_one_in_use_is_marked(environment: dict[str, str]) -> None:
    result = run(environment, "models", "list")
    assert result.exit_code == 0, result.output
    (marked,) = [line for line in result.stdout.splitlines() if line.startswith("*")]
    assert "in use: named in the settings" in marked


def test_a_damaged_model_is_reported(environment: dict[str, str], tmp_path: Path) -> None:
    model = tmp_path / "broken"
    (model / "am").mkdir(parents=True)
    (model / "am" / "final.mdl").write_bytes(b"x")
    result = run(environment, "models", "verify", str(model))
    assert result.exit_code == 6
    assert "broken: damaged" in result.stdout and "missing" in result.stdout
    assert result.stderr.startswith("voiceskill: Damaged: broken.")


def test_removing_a_model_that_is_not_there(environment: dict[str, str]) -> None:
    assert_failure(run(environment, "models", "remove", "nothing"), 6, "nothing")


def test_the_content_is_in_order(environment: dict[str, str]) -> None:
    result = run(environment, "content", "check")
    assert result.exit_code == 0, result.output


def test_a_typo_in_the_content_is_shown_with_its_place(
    environment: dict[str, str], tmp_path: Path
) -> None:
    import shutil

    folder = tmp_path / "intents" / "en"
    shutil.copytree(ROOT / "intents" / "en", folder)
    file = folder / "why.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("\nsay = ", "\nsaay = ", 1), "utf-8")
    result = run(environment, "content", "check", folder)
    assert result.exit_code == 4
    assert "why.toml, line " in result.stdout and "saay" in result.stdout
    assert "The content has one problem." in result.stderr
    environment["VOICESKILL_INTENTS"] = str(folder)
    assert_failure(run(environment, "ask", "--text", ASK, "--no-speech"), 4, "why.toml")


def test_a_first_run_in_a_process_of_its_own(environment: dict[str, str]) -> None:
    with start(environment, "ask", QUESTION, "--json", "--no-speech") as process:
        out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert errors == ""
    assert json.loads(out.splitlines()[-1])["intent"] == "why.legs"


def test_ctrl_c_ends_quietly(environment: dict[str, str]) -> None:
    """Pressed when the answer is about to be shown."""
    script = (
        "import signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from voiceskill import cli_ask\n"
        "from voiceskill.cli import main\n"
        "cli_ask._present = lambda *_: signal.raise_signal(signal.SIGINT)\n"
        f"main(['ask', '--text', {ASK!r}, '--no-speech'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )
    assert done.returncode == 130
    assert "Traceback" not in done.stderr


def test_ctrl_c_in_a_real_process(environment: dict[str, str], tmp_path: Path) -> None:
    environment["VOICESKILL_CACHE"] = str(tmp_path / "fresh")
    environment["VOICESKILL_MODEL"] = ""
    with start(environment, "content", "build") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors


def test_a_closed_pipe_ends_quietly(environment: dict[str, str]) -> None:
    command = f'"{sys.executable}" -m voiceskill ask --text "{ASK}" --no-speech --json | true'
    done = subprocess.run(
        ["sh", "-c", command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )
    assert done.stderr == ""
