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


class Converter:
    """Converts one .tflite file: `convert_conv_2d` converts the operator CONV_2D, and so on.

    Such a method is given the name, in the graph, of the operator's first input; it appends nodes
    to the graph and returns the name of the operator's output.
    """

    def __init__(self, data: bytes) -> None:
        self.source = TfliteFile(data)
        self.graph = GraphBuilder()
        self.names: dict[int, str] = {}  # in ONNX, by the number of the TFLite tensor
        self.dequantized: dict[int, int] = {}  # tensor number -> number of its float16 form

    def convert(self, input_name: str, output_names: Sequence[str]) -> onnx.ModelProto:
        """Convert the network.

        Args:
            input_name: name of the result's one input, float32 [N, C, H, W] with N free.
            output_names: names of the outputs, in TFLite's own order.
        """
        (source_input,), source_outputs = self.source.inputs, self.source.outputs
        self.names[source_input] = input_name
        for operator in self.source.operators():
            if operator.name == 'DEQUANTIZE':  # TfliteFile.constant returns float32 for float16
                self.dequantized[operator.output] = operator.inputs[0]
            else:
                method = getattr(self, f'convert_{operator.name.lower()}')
                self.names[operator.output] = method(operator, self.names[operator.inputs[0]])
        resize_last(self.graph.nodes)
        outputs = dict(zip(output_names, source_outputs, strict=True))
        renamed = {self.names[tensor]: name for name, tensor in outputs.items()}
        for node in self.graph.nodes:
            for names in (node.input, node.output):
                names[:] = [renamed.get(name, name) for name in names]

        batch, height, width, channels = self.source.shape(source_input)
        graph = helper.make_graph(
            self.graph.nodes,
            'mediapipe_hands',
            [_value_info(input_name, (batch, channels, height, width))],
            [_value_info(name, self.source.shape(tensor)) for name, tensor in outputs.items()],
            self.graph.constants,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid('', OPSET_VERSION)], ir_version=IR_VERSION
        )
        onnx.checker.check_model(model, full_check=True)
        return model

    def _constant(self, operator: Operator, index: int) -> np.ndarray:
        """The values of a constant input, in TFLite's layout."""
        tensor = operator.inputs[index]
        return self.source.constant(self.dequantized.get(tensor, tensor))

    def convert_conv_2d(self, operator: Operator, x: str) -> str:
        # TFLite: [out, height, width, in]; ONNX: [out, in, height, width].
        return self._convolve(operator, x, self._constant(operator, 1).transpose(NHWC_TO_NCHW))

    def convert_depthwise_conv_2d(self, operator: Operator, x: str) -> str:
        # TFLite: [1, height, width, channels]; ONNX: [channels, 1, height, width].
        weights = self._constant(operator, 1).transpose(3, 0, 1, 2)
        return self._convolve(operator, x, weights, group=len(weights))

    def _convolve(self, operator: Operator, x: str, weights: np.ndarray, group: int = 1) -> str:
        result = self.graph.add(
            'Conv',
            x,
            self.graph.constant(weights),
            self.graph.constant(self._constant(operator, 2)),
            group=group,
            **self._window(operator, weights.shape[2:]),
        )
        # The only activation that these models fuse, and only with convolutions.
        if operator.options.FusedActivationFunction() == tflite.ActivationFunctionType.RELU6:
            result = self.graph.add('Clip', result, *map(self.graph.constant, (0, 6)))
        return result

    def convert_max_pool_2d(self, operator: Operator, x: str) -> str:
        kernel = (operator.options.FilterHeight(), operator.options.FilterWidth())
        return self.graph.add('MaxPool', x, **self._window(operator, kernel))

    def _window(self, operator: Operator, kernel: Sequence[int]) -> dict[str, Sequence[int]]:
        """The size, steps and padding of a convolution or pooling, as ONNX's attributes.

        The padding is written out, because TFLite's SAME puts an odd remainder at the bottom and
        right, and that depends on the picture's size. (VALID pads nothing in these models either.)
        """
        strides = (operator.options.StrideH(), operator.options.StrideW())
        totals = [
            max((-(-size // stride) - 1) * stride + extent - size, 0)
            for size, stride, extent in zip(
                self.source.shape(operator.inputs[0])[1:3], strides, kernel, strict=True
            )
        ]
        pads = [total // 2 for total in totals] + [total - total // 2 for total in totals]
        return {'kernel_shape': kernel, 'strides': strides, 'pads': pads}

    def convert_prelu(self, operator: Operator, x: str) -> str:
        return prelu(self.graph, x, self._constant(operator, 1))

    def convert_add(self, operator: Operator, x: str) -> str:
        return self.graph.add('Add', x, self.names[operator.inputs[1]])

    def convert_pad(self, operator: Operator, x: str) -> str:
        """Empty channels added at the end, as a convolution: Pad too leaves the fast layout."""
        added = int(self._constant(operator, 1)[-1, -1])
        channels = self.source.shape(operator.inputs[0])[-1]
        weights = np.eye(channels + added, channels)[:, :, np.newaxis, np.newaxis]
        return self.graph.add('Conv', x, self.graph.constant(weights), kernel_shape=[1, 1])

    def convert_resize_bilinear(self, operator: Operator, x: str) -> str:
        old = np.array(self.source.shape(operator.inputs[0])[1:3])
        new = self._constant(operator, 1)
        return self.graph.add(
            'Resize',
            x,
            '',
            self.graph.constant([1, 1, *(new / old)]),
            mode='linear',
            coordinate_transformation_mode='half_pixel',
        )

    def convert_reshape(self, operator: Operator, x: str) -> str:
        old, new = self.source.shape(operator.inputs[0]), self.source.shape(operator.output)
        if len(old) == 4:
            x = self.graph.add('Transpose', x, perm=NCHW_TO_NHWC)
        # 0 keeps the batch dimension, whatever it is.
        return self.graph.add('Reshape', x, self.graph.constant([0, *new[1:]], np.int64))

    def convert_concatenation(self, operator: Operator, x: str) -> str:
        inputs = [self.names[tensor] for tensor in operator.inputs]
        return self.graph.add('Concat', *inputs, axis=operator.options.Axis())

    def convert_mean(self, operator: Operator, x: str) -> str:
        # Over height and width.
        return self.graph.add('Flatten', self.graph.add('GlobalAveragePool', x))

    def convert_fully_connected(self, operator: Operator, x: str) -> str:
        weights, bias = (self.graph.constant(self._constant(operator, index)) for index in (1, 2))
        return self.graph.add('Gemm', x, weights, bias, transB=1)

    def convert_logistic(self, operator: Operator, x: str) -> str:
        return self.graph.add('Sigmoid', x)


def _value_info(name: str, shape: Sequence[int]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ['N', *shape[1:]])
