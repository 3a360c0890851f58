import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceskill import evaluate_noise
from voiceskill.events import SAMPLE_RATE_HZ


def speech(seconds: float = 1.0, level: float = 0.05) -> np.ndarray:
    """A tone between two pauses, the pauses 60 dB below it."""
    length = int(seconds * SAMPLE_RATE_HZ)
    tone = level * np.sin(2 * np.pi * 200 * np.arange(length) / SAMPLE_RATE_HZ)
    return np.concatenate([tone[: length // 2] / 1000, tone, tone[: length // 2] / 1000])


@pytest.mark.parametrize("name", sorted(evaluate_noise.GENERATORS))
@pytest.mark.parametrize("snr_db", [20.0, 10.0, 5.0, -5.0])
def test_noise_is_mixed_at_the_exact_ratio(name: str, snr_db: float) -> None:
    clean = speech()
    noise = evaluate_noise.fitted(evaluate_noise.GENERATORS[name](3.0, 1), len(clean), 2)
    mixed = evaluate_noise.mix(clean, noise, snr_db)
    assert np.abs(mixed).max() < evaluate_noise.PEAK_LIMIT
    mask = evaluate_noise.active(clean)
    ratio = evaluate_noise.level_db(clean, mask) - evaluate_noise.level_db(mixed - clean, mask)
    assert ratio == pytest.approx(snr_db, abs=1e-6)


def test_a_loud_mixture_is_scaled_as_a_whole_instead_of_clipped() -> None:
    soft, loud = speech(level=0.05), speech(level=0.9)
    noise = evaluate_noise.fan(3.0, 1)[: len(soft)]
    mixed = evaluate_noise.mix(loud, noise, 0.0)
    assert np.abs(mixed).max() == pytest.approx(evaluate_noise.PEAK_LIMIT)
    same = evaluate_noise.mix(soft, noise, 0.0)
    assert mixed / np.abs(mixed).max() == pytest.approx(same / np.abs(same).max())


def test_pauses_do_not_count_as_speech() -> None:
    mask = evaluate_noise.active(speech(seconds=1.0))
    assert mask.sum() == pytest.approx(SAMPLE_RATE_HZ, abs=2 * evaluate_noise.LEVEL_FRAME_SAMPLES)


def test_silent_noise_is_refused() -> None:
    clean = speech()
    with pytest.raises(ValueError, match="silent"):
        evaluate_noise.mix(clean, np.zeros_like(clean), 10.0)


@pytest.mark.parametrize("name", sorted(evaluate_noise.GENERATORS))
def test_a_generator_depends_on_its_seed_only(name: str) -> None:
    generator = evaluate_noise.GENERATORS[name]
    assert np.array_equal(generator(1.0, 7), generator(1.0, 7))
    assert not np.array_equal(generator(1.0, 7), generator(1.0, 8))
    assert np.isfinite(generator(1.0, 7)).all()


@given(length=st.integers(1, 50), wanted=st.integers(1, 200), seed=st.integers(0, 2**32 - 1))
def test_fitted_noise_has_the_length_asked_for(length: int, wanted: int, seed: int) -> None:
    assert len(evaluate_noise.fitted(np.arange(float(length)), wanted, seed)) == wanted


def test_a_seed_depends_on_every_part_and_not_on_the_process() -> None:
    assert evaluate_noise.seed_of("a", 1.0) == evaluate_noise.seed_of("a", 1.0)
    assert evaluate_noise.seed_of("a", "b") != evaluate_noise.seed_of("ab")
