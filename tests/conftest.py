"""What many tests share: the bundled model, made ready once per run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from voiceskill import models, paths
from voiceskill.content.load import load
from voiceskill.settings import Settings

MODEL_VARIABLE = "VOICESKILL_TEST_MODEL"


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled model with its graph compiled from the bundled content.

    ``VOICESKILL_TEST_MODEL`` names another complete Vosk folder to run the tests with.
    """
    if chosen := os.environ.get(MODEL_VARIABLE):
        return Path(chosen)
    settings = Settings(cache=tmp_path_factory.mktemp("cache"))
    catalogue = load(paths.bundled("intents"), cache=settings.cache)
    return models.prepare(models.resolve(settings), catalogue, settings)
