"""One network on ONNX Runtime's CPU kernels."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import numpy as np
import onnxruntime

from hand_tracking_ros.tracking.errors import ModelError, first_line
from hand_tracking_ros.tracking.networks.model_files import PREPARE_COMMANDS
from hand_tracking_ros.tracking.networks.processors import cores, default_threads, kept_off

# How long a thread waits awake, and the first ONNX Runtime that can be told.
SPIN_US = 100
FIRST_WITH_SPIN_DURATION = (1, 26)


class CpuSession:
    """A network on ONNX Runtime's CPU kernels; see runtime.Session.

    Args:
        path: an .onnx file with one input.
        num_threads: 0 is as processors.default_threads.

    Raises:
        ModelError: the file is not a network that ONNX Runtime can load.
    """

    provider = 'cpu'

    def __init__(self, path: Path, num_threads: int = 0) -> None:
        options = session_options()
        options.intra_op_num_threads = num_threads or default_threads()
        # The parts of one inference follow each other closely: threads that wait awake for the next
        # one are a seventh faster than threads that are woken. Not for long, though, and not
        # between two inferences: other programs, as on a robot, want the cores too.
        major, minor = onnxruntime.__version__.split('.')[:2]
        if (int(major), int(minor)) >= FIRST_WITH_SPIN_DURATION:
            options.add_session_config_entry('session.intra_op.spin_duration_us', str(SPIN_US))
            options.add_session_config_entry('session.force_spinning_stop', '1')
        else:
            options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        # A thread that wakes up on the caller's core takes turns with it, and so does the next one:
        # each has a core of its own, and the caller is kept off these while they work. In a program
        # whose threads wake each other, an inference then takes 5 ms instead of 8.
        helpers = cores()[1 : options.intra_op_num_threads]
        self._helper_processors: frozenset[int] = frozenset()
        if 0 < len(helpers) == options.intra_op_num_threads - 1:
            # ONNX Runtime counts processors from 1.
            affinities = ';'.join(str(core[0] + 1) for core in helpers)
            options.add_session_config_entry('session.intra_op_thread_affinities', affinities)
            self._helper_processors = frozenset(chain(*helpers))
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=['CPUExecutionProvider']
            )
        except Exception as error:  # ONNX Runtime raises a class of its own for each kind of fault
            raise ModelError(
                f'{path} ({path.stat().st_size} bytes) is not a whole ONNX model '
                f'({first_line(error)}). Delete it and run {PREPARE_COMMANDS}'
            ) from error
        self.shapes = shapes_of(self._session)
        self._input_name = self._session.get_inputs()[0].name

    def run(self, batch: np.ndarray) -> list[np.ndarray]:
        """See runtime.Session."""
        with kept_off(self._helper_processors):
            return self._session.run(None, {self._input_name: batch})


def session_options() -> onnxruntime.SessionOptions:
    """ONNX Runtime's defaults, but without its warnings: they speak to developers of networks."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors
    return options


def shapes_of(session: onnxruntime.InferenceSession) -> dict[str, tuple[int, ...]]:
    """The shapes of a network's input and outputs without the batch dimension."""
    values = [*session.get_inputs(), *session.get_outputs()]
    return {value.name: tuple(value.shape[1:]) for value in values}
