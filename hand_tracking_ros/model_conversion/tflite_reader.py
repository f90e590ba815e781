"""Reading a TFLite file: its operators, and the shapes and constants of its tensors.

Everything is as TFLite has it: a tensor goes by its number, and pictures are NHWC.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import tflite

from hand_tracking_ros.tracking.errors import UserError

_DTYPES = {
    tflite.TensorType.FLOAT32: np.dtype('<f4'),
    tflite.TensorType.FLOAT16: np.dtype('<f2'),
    tflite.TensorType.INT32: np.dtype('<i4'),
}
_OPTIONS_CLASSES = {code: name for name, code in vars(tflite.BuiltinOptions).items()}
# What the flatbuffers library raises where a file's offsets lead nowhere; it checks none of them.
_DAMAGE = (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError, struct.error)


class TfliteError(UserError):
    """A file is no TFLite file of the kind that is read here, or is damaged."""


@dataclass(frozen=True)
class Operator:
    """One operator of the network.

    Attributes:
        name: such as CONV_2D.
        inputs: numbers of its input tensors.
        output: number of its output tensor.
        options: an object of the class of its kind, such as tflite.Conv2DOptions, or None.
    """

    name: str
    inputs: list[int]
    output: int
    options: Any


class TfliteFile:
    """A TFLite file with one graph.

    Attributes:
        inputs, outputs: numbers of the graph's input and output tensors.

    Raises:
        TfliteError: the bytes are something else; methods raise it too.
    """

    def __init__(self, data: bytes) -> None:
        with _damage_explained():
            self._model = tflite.Model.GetRootAsModel(data, 0)
            self._graph = self._model.Subgraphs(0)
            self.inputs: list[int] = self._graph.InputsAsNumpy().tolist()
            self.outputs: list[int] = self._graph.OutputsAsNumpy().tolist()

    def operators(self) -> Iterator[Operator]:
        """The operators, each behind those whose outputs it takes."""
        with _damage_explained():
            num_operators = self._graph.OperatorsLength()
        for index in range(num_operators):
            yield self._operator(index)

    def shape(self, tensor: int) -> tuple[int, ...]:
        with _damage_explained():
            return tuple(self._graph.Tensors(tensor).ShapeAsNumpy().tolist())

    def constant(self, tensor: int) -> np.ndarray:
        """The values of a constant tensor, float16 as float32."""
        with _damage_explained():
            entry = self._graph.Tensors(tensor)
            data = self._model.Buffers(entry.Buffer()).DataAsNumpy()
            values = np.frombuffer(data.tobytes(), _DTYPES[entry.Type()])
            values = values.astype(np.float32) if values.dtype == np.float16 else values
            return values.reshape(self.shape(tensor))

    def _operator(self, index: int) -> Operator:
        with _damage_explained():
            operator = self._graph.Operators(index)
            code = self._model.OperatorCodes(operator.OpcodeIndex()).BuiltinCode()
            options, table = None, operator.BuiltinOptions()
            if table is not None:
                options = getattr(tflite, _OPTIONS_CLASSES[operator.BuiltinOptionsType()])()
                options.Init(table.Bytes, table.Pos)
            inputs = operator.InputsAsNumpy().tolist()
            return Operator(tflite.opcode2name(code), inputs, operator.Outputs(0), options)


@contextmanager
def _damage_explained() -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise TfliteError(
            f'the file is damaged, or no TFLite model that this program knows '
            f'({type(error).__name__}: {error})'
        ) from None
