"""The original models for tests, taken from the real wheel, which is downloaded once."""

import os

import pytest

from hand_tracking_ros.model_conversion.mediapipe_wheel import download_wheel, read_sources
from hand_tracking_ros.tracking.errors import UserError
from hand_tracking_ros.tracking.networks.model_files import MODEL_NAMES, load_manifest


@pytest.fixture(scope='session')
def manifest():
    return load_manifest()


@pytest.fixture(scope='session')
def wheel(manifest, request):
    """The real wheel, downloaded once and kept in pytest's cache folder."""
    folder = request.config.cache.mkdir('mediapipe_wheel')
    path = folder / manifest['source']['wheel']
    if not path.exists():
        scratch = folder / 'download'
        scratch.mkdir(exist_ok=True)
        try:
            os.replace(download_wheel(manifest['source'], scratch), path)
        except UserError as error:
            pytest.skip(f'the wheel of mediapipe is not here: {error}')
    return path


@pytest.fixture(scope='session')
def sources(wheel, manifest):
    return read_sources(wheel, manifest, MODEL_NAMES)
