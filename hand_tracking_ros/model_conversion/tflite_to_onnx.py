"""Direct conversion of MediaPipe's hand models from TFLite to ONNX.

Why not a general converter: tf2onnx needs the whole of TensorFlow, and the two models use 13
operator types. Each has one method here. What differs between the two formats:

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

# Old on purpose: ONNX Runtime 1.6 and later read it.
OPSET_VERSION = 13
IR_VERSION = 7

NHWC_TO_NCHW = (0, 3, 1, 2)
NCHW_TO_NHWC = (0, 2, 3, 1)

_DTYPES = {
    tflite.TensorType.FLOAT32: np.dtype('<f4'),
    tflite.TensorType.FLOAT16: np.dtype('<f2'),
    tflite.TensorType.INT32: np.dtype('<i4'),
}
_OPERATOR_NAMES = {
    code: name for name, code in vars(tflite.BuiltinOperator).items() if not name.startswith('_')
}


class ConversionError(Exception):
    """The TFLite file holds something that this converter does not know."""


def convert(data: bytes, input_name: str, output_names: Sequence[str]) -> onnx.ModelProto:
    """Convert one TFLite model.

    Args:
        data: the .tflite file.
        input_name: name of the result's one input, float32 [N, C, H, W] with N free.
        output_names: names of the outputs, in TFLite's own order.

    Raises:
        ConversionError: an operator, option or type outside the 13 operators supported.
    """
    return _Converter(data).convert(input_name, output_names)


class _Converter:
    def __init__(self, data: bytes) -> None:
        self.model = tflite.Model.GetRootAsModel(data, 0)
        self.source = self.model.Subgraphs(0)
        self.graph = GraphBuilder()
        # TFLite tensor index -> ONNX value name, or the array of a constant.
        self.values: dict[int, str] = {}
        self.constants: dict[int, np.ndarray] = {}
        self.handlers = {
            'ADD': self._add,
            'CONCATENATION': self._concatenation,
            'CONV_2D': self._conv,
            'DEPTHWISE_CONV_2D': self._depthwise_conv,
            'DEQUANTIZE': self._dequantize,
            'FULLY_CONNECTED': self._fully_connected,
            'LOGISTIC': self._logistic,
            'MAX_POOL_2D': self._max_pool,
            'MEAN': self._mean,
            'PAD': self._pad,
            'PRELU': self._prelu,
            'RESHAPE': self._reshape,
            'RESIZE_BILINEAR': self._resize_bilinear,
        }

    def convert(self, input_name: str, output_names: Sequence[str]) -> onnx.ModelProto:
        source_input = int(self.source.Inputs(0))
        source_outputs = [int(index) for index in self.source.OutputsAsNumpy()]
        if len(source_outputs) != len(output_names):
            raise ConversionError(
                f'the model has {len(source_outputs)} outputs, expected {len(output_names)}'
            )
        self.values[source_input] = input_name
        for index in range(self.source.OperatorsLength()):
            self._convert_operator(self.source.Operators(index))
        resize_last(self.graph.nodes)
        for name, index in zip(output_names, source_outputs, strict=True):
            self._rename(self.values[index], name)

        batch, height, width, channels = self._shape(source_input)
        graph = helper.make_graph(
            self.graph.nodes,
            'mediapipe_hands',
            [_value_info(input_name, (batch, channels, height, width))],
            [
                _value_info(name, self._shape(index))
                for name, index in zip(output_names, source_outputs, strict=True)
            ],
            self.graph.constants,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid('', OPSET_VERSION)], ir_version=IR_VERSION
        )
        onnx.checker.check_model(model, full_check=True)
        return model

    def _convert_operator(self, operator: tflite.Operator) -> None:
        code = self.model.OperatorCodes(operator.OpcodeIndex()).BuiltinCode()
        name = _OPERATOR_NAMES.get(code, str(code))
        if name not in self.handlers:
            raise ConversionError(f'operator {name} is not supported')
        self.handlers[name](operator)

    def _rename(self, old: str, new: str) -> None:
        for node in self.graph.nodes:
            node.input[:] = [new if name == old else name for name in node.input]
            node.output[:] = [new if name == old else name for name in node.output]

    # Reading the TFLite graph.

    def _shape(self, tensor: int) -> tuple[int, ...]:
        return tuple(int(size) for size in self.source.Tensors(tensor).ShapeAsNumpy())

    def _constant(self, tensor: int) -> np.ndarray:
        """The values of a constant tensor, in TFLite's layout."""
        if tensor in self.constants:
            return self.constants[tensor]
        entry = self.source.Tensors(tensor)
        buffer = self.model.Buffers(entry.Buffer())
        if buffer.DataLength() == 0:
            raise ConversionError(f'tensor {entry.Name()!r} is not a constant')
        if entry.Type() not in _DTYPES:
            raise ConversionError(f'tensor {entry.Name()!r} has the unknown type {entry.Type()}')
        values = buffer.DataAsNumpy().tobytes()
        return np.frombuffer(values, _DTYPES[entry.Type()]).reshape(self._shape(tensor))

    def _input(self, operator: tflite.Operator, index: int = 0) -> str:
        return self.values[int(operator.Inputs(index))]

    def _finish(self, operator: tflite.Operator, value: str, activation: int = 0) -> None:
        """Append the operator's fused activation and note where its output is found."""
        kinds = tflite.ActivationFunctionType
        if activation == kinds.RELU:
            value = self.graph.add('Relu', value)
        elif activation == kinds.RELU6:
            value = self.graph.add('Clip', value, self.graph.floats(0), self.graph.floats(6))
        elif activation != kinds.NONE:
            raise ConversionError(f'fused activation {activation} is not supported')
        self.values[int(operator.Outputs(0))] = value

    # One method for each operator.

    def _dequantize(self, operator: tflite.Operator) -> None:
        weights = self._constant(int(operator.Inputs(0)))
        if weights.dtype != np.float16:
            raise ConversionError(f'DEQUANTIZE of {weights.dtype} is not supported')
        self.constants[int(operator.Outputs(0))] = weights.astype(np.float32)

    def _conv(self, operator: tflite.Operator) -> None:
        # TFLite: [out, height, width, in]; ONNX: [out, in, height, width].
        weights = self._constant(int(operator.Inputs(1))).transpose(NHWC_TO_NCHW)
        options = _options(operator, tflite.Conv2DOptions)
        self._convolve(operator, options, weights, group=1)

    def _depthwise_conv(self, operator: tflite.Operator) -> None:
        options = _options(operator, tflite.DepthwiseConv2DOptions)
        if options.DepthMultiplier() != 1:
            raise ConversionError('DEPTHWISE_CONV_2D with a multiplier other than 1')
        # TFLite: [1, height, width, channels]; ONNX: [channels, 1, height, width].
        weights = self._constant(int(operator.Inputs(1))).transpose(3, 0, 1, 2)
        self._convolve(operator, options, weights, group=len(weights))

    def _convolve(self, operator: tflite.Operator, options, weights, group: int) -> None:
        if (options.DilationHFactor(), options.DilationWFactor()) != (1, 1):
            raise ConversionError('dilated convolution is not supported')
        kernel = weights.shape[2:]
        bias = self._constant(int(operator.Inputs(2)))
        value = self.graph.add(
            'Conv',
            self._input(operator),
            self.graph.floats(weights),
            self.graph.floats(bias),
            group=group,
            kernel_shape=kernel,
            strides=(options.StrideH(), options.StrideW()),
            pads=self._pads(operator, options, kernel),
        )
        self._finish(operator, value, options.FusedActivationFunction())

    def _max_pool(self, operator: tflite.Operator) -> None:
        options = _options(operator, tflite.Pool2DOptions)
        kernel = (options.FilterHeight(), options.FilterWidth())
        value = self.graph.add(
            'MaxPool',
            self._input(operator),
            kernel_shape=kernel,
            strides=(options.StrideH(), options.StrideW()),
            pads=self._pads(operator, options, kernel),
        )
        self._finish(operator, value, options.FusedActivationFunction())

    def _pads(self, operator: tflite.Operator, options, kernel: Sequence[int]) -> list[int]:
        """Padding as ONNX writes it: top, left, bottom, right.

        Written out, because TFLite's SAME puts an odd remainder at the bottom and right, and
        that depends on the picture's size.
        """
        if options.Padding() == tflite.Padding.VALID:
            return [0, 0, 0, 0]
        height_width = self._shape(int(operator.Inputs(0)))[1:3]
        strides = (options.StrideH(), options.StrideW())
        before, after = [], []
        for size, stride, extent in zip(height_width, strides, kernel, strict=True):
            total = max((-(-size // stride) - 1) * stride + extent - size, 0)
            before.append(total // 2)
            after.append(total - total // 2)
        return before + after

    def _prelu(self, operator: tflite.Operator) -> None:
        slope = self._constant(int(operator.Inputs(1)))
        if slope.size != slope.shape[-1]:
            raise ConversionError('PRELU with a slope for each pixel is not supported')
        self._finish(operator, prelu(self.graph, self._input(operator), slope))

    def _add(self, operator: tflite.Operator) -> None:
        options = _options(operator, tflite.AddOptions)
        value = self.graph.add('Add', self._input(operator, 0), self._input(operator, 1))
        self._finish(operator, value, options.FusedActivationFunction())

    def _pad(self, operator: tflite.Operator) -> None:
        """Empty channels added at the end, as a convolution: Pad too leaves the fast layout."""
        amounts = self._constant(int(operator.Inputs(1)))
        added = int(amounts[-1, -1])
        if amounts.sum() != added:
            raise ConversionError('PAD other than of channels at the end is not supported')
        channels = self._shape(int(operator.Inputs(0)))[-1]
        weights = np.eye(channels + added, channels)[:, :, np.newaxis, np.newaxis]
        value = self.graph.add(
            'Conv', self._input(operator), self.graph.floats(weights), kernel_shape=[1, 1]
        )
        self._finish(operator, value)

    def _resize_bilinear(self, operator: tflite.Operator) -> None:
        options = _options(operator, tflite.ResizeBilinearOptions)
        if options.AlignCorners() or not options.HalfPixelCenters():
            raise ConversionError('RESIZE_BILINEAR other than with half-pixel centres')
        old = np.array(self._shape(int(operator.Inputs(0)))[1:3])
        new = self._constant(int(operator.Inputs(1)))
        value = self.graph.add(
            'Resize',
            self._input(operator),
            '',
            self.graph.floats([1, 1, *(new / old)]),
            mode='linear',
            coordinate_transformation_mode='half_pixel',
        )
        self._finish(operator, value)

    def _reshape(self, operator: tflite.Operator) -> None:
        old, new = self._shape(int(operator.Inputs(0))), self._shape(int(operator.Outputs(0)))
        if len(new) == 4 or new[0] != old[0]:
            raise ConversionError(f'RESHAPE from {old} to {new} is not supported')
        value = self._input(operator)
        if len(old) == 4:
            value = self.graph.add('Transpose', value, perm=NCHW_TO_NHWC)
        # 0 keeps the batch dimension, whatever it is.
        shape = self.graph.integers([0, *new[1:]])
        self._finish(operator, self.graph.add('Reshape', value, shape))

    def _concatenation(self, operator: tflite.Operator) -> None:
        options = _options(operator, tflite.ConcatenationOptions)
        if len(self._shape(int(operator.Outputs(0)))) == 4:
            raise ConversionError('CONCATENATION of pictures is not supported')
        inputs = [self._input(operator, index) for index in range(operator.InputsLength())]
        value = self.graph.add('Concat', *inputs, axis=options.Axis())
        self._finish(operator, value, options.FusedActivationFunction())

    def _mean(self, operator: tflite.Operator) -> None:
        options = _options(operator, tflite.ReducerOptions)
        axes = sorted(self._constant(int(operator.Inputs(1))).reshape(-1).tolist())
        if axes != [1, 2] or options.KeepDims():
            raise ConversionError('MEAN other than over height and width is not supported')
        pooled = self.graph.add('GlobalAveragePool', self._input(operator))
        self._finish(operator, self.graph.add('Flatten', pooled))

    def _fully_connected(self, operator: tflite.Operator) -> None:
        options = _options(operator, tflite.FullyConnectedOptions)
        value = self.graph.add(
            'Gemm',
            self._input(operator),
            self.graph.floats(self._constant(int(operator.Inputs(1)))),
            self.graph.floats(self._constant(int(operator.Inputs(2)))),
            transB=1,
        )
        self._finish(operator, value, options.FusedActivationFunction())

    def _logistic(self, operator: tflite.Operator) -> None:
        self._finish(operator, self.graph.add('Sigmoid', self._input(operator)))


def _options(operator: tflite.Operator, kind: type):
    """The operator's options as the flatbuffer class of its kind."""
    table = operator.BuiltinOptions()
    options = kind()
    options.Init(table.Bytes, table.Pos)
    return options


def _value_info(name: str, shape: Sequence[int]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ['N', *shape[1:]])
