"""Direct conversion of MediaPipe's hand models from TFLite to ONNX.

Why not a general converter: tf2onnx needs the whole of TensorFlow, and the models use 13 operator
types. Each has one method here, which knows the options that these models use and no others:
prepare_models checks the sum of each file before, and what the result computes after it. What
differs between the two formats:

- TFLite pictures are NHWC, ONNX pictures are NCHW: every tensor of rank 4 changes its layout,
  tensors of lower rank stay as they are.
- The batch dimension is 1 in TFLite and free in the result.
- Weights are float16 with a DEQUANTIZE each; they become float32 constants.
- PReLU is written in a form that ONNX Runtime's fast CPU layout knows (`onnx_graph.prelu`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import tflite
from onnx import TensorProto, helper

from hand_tracking_ros.model_conversion.onnx_graph import GraphBuilder, prelu, resize_last
from hand_tracking_ros.model_conversion.tflite_reader import Operator, TfliteFile

# Old on purpose: ONNX Runtime 1.6 and later read it.
OPSET_VERSION = 13
IR_VERSION = 7

NHWC_TO_NCHW = (0, 3, 1, 2)
NCHW_TO_NHWC = (0, 2, 3, 1)


class ConversionError(Exception):
    """The TFLite file holds an operator that this converter does not know."""


def convert(data: bytes, input_name: str, output_names: Sequence[str]) -> onnx.ModelProto:
    """Convert one TFLite model.

    Args:
        data: the .tflite file.
        input_name: name of the result's one input, float32 [N, C, H, W] with N free.
        output_names: names of the outputs, in TFLite's own order.

    Raises:
        ConversionError: an operator other than the 13 supported.
    """
    return _Converter(data).convert(input_name, output_names)


class _Converter:
    """Converts one file; the method `convert_conv_2d` converts the operator CONV_2D, and so on.

    Such a method appends nodes to the graph and returns the name of the operator's output in it.
    """

    def __init__(self, data: bytes) -> None:
        self.source = TfliteFile(data)
        self.graph = GraphBuilder()
        self.names: dict[int, str] = {}  # in ONNX, by the number of the TFLite tensor
        self.dequantized: dict[int, int] = {}  # tensor number -> number of its float16 form

    def convert(self, input_name: str, output_names: Sequence[str]) -> onnx.ModelProto:
        (source_input,), source_outputs = self.source.inputs, self.source.outputs
        self.names[source_input] = input_name
        for operator in self.source.operators():
            self._convert_operator(operator)
        resize_last(self.graph.nodes)
        for name, index in zip(output_names, source_outputs, strict=True):
            self._rename(self.names[index], name)

        batch, height, width, channels = self.source.shape(source_input)
        graph = helper.make_graph(
            self.graph.nodes,
            'mediapipe_hands',
            [_value_info(input_name, (batch, channels, height, width))],
            [
                _value_info(name, self.source.shape(index))
                for name, index in zip(output_names, source_outputs, strict=True)
            ],
            self.graph.constants,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid('', OPSET_VERSION)], ir_version=IR_VERSION
        )
        onnx.checker.check_model(model, full_check=True)
        return model

    def _convert_operator(self, operator: Operator) -> None:
        if operator.name == 'DEQUANTIZE':  # `constant` returns float32 for float16
            self.dequantized[operator.output] = operator.inputs[0]
            return
        method = getattr(self, f'convert_{operator.name.lower()}', None)
        if method is None:
            raise ConversionError(f'operator {operator.name} is not supported')
        self.names[operator.output] = self._activate(operator, method(operator))

    def _activate(self, operator: Operator, value: str) -> str:
        """Append the activation that is fused with an operator, if any."""
        if not hasattr(operator.options, 'FusedActivationFunction'):
            return value
        kinds, fused = tflite.ActivationFunctionType, operator.options.FusedActivationFunction()
        if fused == kinds.RELU:
            return self.graph.add('Relu', value)
        if fused == kinds.RELU6:
            return self.graph.add('Clip', value, self.graph.floats(0), self.graph.floats(6))
        return value

    def _rename(self, old: str, new: str) -> None:
        for node in self.graph.nodes:
            node.input[:] = [new if name == old else name for name in node.input]
            node.output[:] = [new if name == old else name for name in node.output]

    def _input(self, operator: Operator, index: int = 0) -> str:
        return self.names[operator.inputs[index]]

    def _constant(self, operator: Operator, index: int) -> np.ndarray:
        """The values of a constant input, in TFLite's layout."""
        tensor = operator.inputs[index]
        return self.source.constant(self.dequantized.get(tensor, tensor))

    def convert_conv_2d(self, operator: Operator) -> str:
        # TFLite: [out, height, width, in]; ONNX: [out, in, height, width].
        return self._convolve(operator, self._constant(operator, 1).transpose(NHWC_TO_NCHW))

    def convert_depthwise_conv_2d(self, operator: Operator) -> str:
        # TFLite: [1, height, width, channels]; ONNX: [channels, 1, height, width].
        weights = self._constant(operator, 1).transpose(3, 0, 1, 2)
        return self._convolve(operator, weights, group=len(weights))

    def _convolve(self, operator: Operator, weights: np.ndarray, group: int = 1) -> str:
        options = operator.options
        kernel = weights.shape[2:]
        return self.graph.add(
            'Conv',
            self._input(operator),
            self.graph.floats(weights),
            self.graph.floats(self._constant(operator, 2)),
            group=group,
            kernel_shape=kernel,
            strides=(options.StrideH(), options.StrideW()),
            pads=self._pads(operator, kernel),
        )

    def convert_max_pool_2d(self, operator: Operator) -> str:
        options = operator.options
        kernel = (options.FilterHeight(), options.FilterWidth())
        return self.graph.add(
            'MaxPool',
            self._input(operator),
            kernel_shape=kernel,
            strides=(options.StrideH(), options.StrideW()),
            pads=self._pads(operator, kernel),
        )

    def _pads(self, operator: Operator, kernel: Sequence[int]) -> list[int]:
        """Padding as ONNX writes it: top, left, bottom, right.

        Written out, because TFLite's SAME puts an odd remainder at the bottom and right, and
        that depends on the picture's size.
        """
        if operator.options.Padding() == tflite.Padding.VALID:
            return [0, 0, 0, 0]
        height_width = self.source.shape(operator.inputs[0])[1:3]
        strides = (operator.options.StrideH(), operator.options.StrideW())
        totals = [
            max((-(-size // stride) - 1) * stride + extent - size, 0)
            for size, stride, extent in zip(height_width, strides, kernel, strict=True)
        ]
        return [total // 2 for total in totals] + [total - total // 2 for total in totals]

    def convert_prelu(self, operator: Operator) -> str:
        return prelu(self.graph, self._input(operator), self._constant(operator, 1))

    def convert_add(self, operator: Operator) -> str:
        return self.graph.add('Add', self._input(operator, 0), self._input(operator, 1))

    def convert_pad(self, operator: Operator) -> str:
        """Empty channels added at the end, as a convolution: Pad too leaves the fast layout."""
        added = int(self._constant(operator, 1)[-1, -1])
        channels = self.source.shape(operator.inputs[0])[-1]
        weights = np.eye(channels + added, channels)[:, :, np.newaxis, np.newaxis]
        return self.graph.add(
            'Conv', self._input(operator), self.graph.floats(weights), kernel_shape=[1, 1]
        )

    def convert_resize_bilinear(self, operator: Operator) -> str:
        old = np.array(self.source.shape(operator.inputs[0])[1:3])
        new = self._constant(operator, 1)
        return self.graph.add(
            'Resize',
            self._input(operator),
            '',
            self.graph.floats([1, 1, *(new / old)]),
            mode='linear',
            coordinate_transformation_mode='half_pixel',
        )

    def convert_reshape(self, operator: Operator) -> str:
        old, new = self.source.shape(operator.inputs[0]), self.source.shape(operator.output)
        value = self._input(operator)
        if len(old) == 4:
            value = self.graph.add('Transpose', value, perm=NCHW_TO_NHWC)
        # 0 keeps the batch dimension, whatever it is.
        return self.graph.add('Reshape', value, self.graph.integers([0, *new[1:]]))

    def convert_concatenation(self, operator: Operator) -> str:
        inputs = [self.names[tensor] for tensor in operator.inputs]
        return self.graph.add('Concat', *inputs, axis=operator.options.Axis())

    def convert_mean(self, operator: Operator) -> str:
        """Over height and width."""
        return self.graph.add('Flatten', self.graph.add('GlobalAveragePool', self._input(operator)))

    def convert_fully_connected(self, operator: Operator) -> str:
        weights, bias = (self.graph.floats(self._constant(operator, index)) for index in (1, 2))
        return self.graph.add('Gemm', self._input(operator), weights, bias, transB=1)

    def convert_logistic(self, operator: Operator) -> str:
        return self.graph.add('Sigmoid', self._input(operator))


def _value_info(name: str, shape: Sequence[int]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ['N', *shape[1:]])
