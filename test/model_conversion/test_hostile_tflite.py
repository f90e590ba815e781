"""Damaged TFLite files are refused with the reader's own error, whatever part is asked for."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip('tflite')
pytest.importorskip('onnx')

from hand_tracking_ros.model_conversion.tflite_reader import TfliteError, TfliteFile
from support.hostile import examples

pytest_plugins = ('support.model_fixtures',)


def read_all(data):
    """Everything that a conversion would ask for."""
    file = TfliteFile(data)
    for operator in file.operators():
        for tensor in (*operator.inputs, operator.output):
            file.shape(tensor)
            with contextlib.suppress(TfliteError):  # most are no constants
                assert isinstance(file.constant(tensor), np.ndarray)


@examples(100)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused(data):
    with pytest.raises(TfliteError, match='damaged, or no TFLite model'):
        read_all(data)


# Offsets of flatbuffers lie behind the weights and before them.
@examples(30)
@given(data=st.data())
def test_a_model_with_other_bytes_is_read_or_refused(sources, data):
    whole = bytearray(sources['palm_detection_lite'])
    places = st.integers(0, 4000) | st.integers(len(whole) - 60_000, len(whole) - 1)
    for place, byte in data.draw(
        st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=20)
    ):
        whole[place] = byte
    with contextlib.suppress(TfliteError):
        read_all(bytes(whole))


@pytest.mark.parametrize('share', [0.0, 0.1, 0.5, 0.99])
def test_a_model_that_is_cut_short_is_read_or_refused(sources, share):
    whole = sources['palm_detection_lite']
    with contextlib.suppress(TfliteError):
        read_all(whole[: round(share * len(whole))])
