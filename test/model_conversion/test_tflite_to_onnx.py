"""What the converted models compute, and that a wrong conversion is found out."""

import numpy as np
import pytest

from hand_tracking_ros.model_conversion.prepare_models import (
    convert_model,
    reference_image,
    wrong_output,
)
from hand_tracking_ros.tracking.errors import ModelError, UserError
from hand_tracking_ros.tracking.networks.model_files import MODEL_NAMES, find_model

onnxruntime = pytest.importorskip('onnxruntime')
onnx = pytest.importorskip('onnx')
pytest.importorskip('tflite')

from hand_tracking_ros.model_conversion import onnx_graph, tflite_to_onnx  # noqa: E402

pytest_plugins = ('support.model_fixtures',)

PALM_MODELS = [name for name in MODEL_NAMES if name.startswith('palm')]
SMALLEST = 'palm_detection_lite'


def session(model):
    return onnxruntime.InferenceSession(model, providers=['CPUExecutionProvider'])


def prepared(name):
    try:
        return find_model(name)
    except ModelError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize('name', MODEL_NAMES)
def test_a_converted_model_computes_what_tflite_computed(name, sources, manifest):
    model = convert_model(name, sources[name], manifest)  # raises where it does not
    loaded = session(model)
    size = manifest['models'][name]['input_size']
    assert [(i.name, i.shape) for i in loaded.get_inputs()] == [('image', ['N', 3, size, size])]
    assert [o.name for o in loaded.get_outputs()] == list(manifest['models'][name]['outputs'])


@pytest.mark.parametrize('name', MODEL_NAMES)
def test_the_recorded_outputs_are_those_of_tflite(name, sources, manifest):
    """Needs a TFLite runtime, and says how the manifest's values were made."""
    interpreters = pytest.importorskip('ai_edge_litert.interpreter')
    interpreter = interpreters.Interpreter(model_content=sources[name])
    interpreter.allocate_tensors()
    (image,) = interpreter.get_input_details()
    entry = manifest['models'][name]
    nhwc = reference_image(entry['input_size']).transpose(0, 2, 3, 1)
    interpreter.set_tensor(image['index'], np.ascontiguousarray(nhwc))
    interpreter.invoke()
    details = sorted(interpreter.get_output_details(), key=lambda detail: detail['name'])
    for detail, expected in zip(details, entry['outputs'].values(), strict=True):
        found = interpreter.get_tensor(detail['index']).reshape(-1)[:: expected['every']]
        np.testing.assert_allclose(found, expected['values'], rtol=0, atol=expected['tolerance'])


@pytest.mark.parametrize('name', MODEL_NAMES)
def test_a_batch_computes_what_single_pictures_compute(name, manifest):
    model = session(str(prepared(name)))
    size = manifest['models'][name]['input_size']
    images = np.random.default_rng(1).random((3, 3, size, size), np.float32)
    images[1] = reference_image(size)
    batch = model.run(None, {'image': images})
    for index in range(3):
        single = model.run(None, {'image': images[index : index + 1]})
        for together, alone in zip(batch, single, strict=True):
            assert together.shape == (3, *alone.shape[1:])
            np.testing.assert_allclose(together[index], alone[0], rtol=1e-4, atol=1e-3)


def plain_prelu(graph, x, slope):
    return graph.add('PRelu', x, graph.constant(slope.reshape(-1, 1, 1)))


def run_prelu(append, slope, x):
    graph = onnx_graph.GraphBuilder()
    return run_graph(graph, append(graph, 'x', slope), x)


def test_the_fast_form_of_prelu_equals_prelu_for_every_slope():
    slope = np.float32([-2, -0.5, 0, 0.25, 1, 1.5, 12])  # the palm models have -4.6 to 12.2
    x = np.random.default_rng(2).normal(size=(2, len(slope), 9, 5)).astype(np.float32)
    fast, plain = (run_prelu(append, slope, x) for append in (onnx_graph.prelu, plain_prelu))
    np.testing.assert_allclose(fast, plain, rtol=1e-6, atol=1e-7)
    np.testing.assert_array_equal(fast[x > 0], x[x > 0])


@pytest.mark.parametrize('name', PALM_MODELS)
def test_a_palm_model_with_plain_prelu_computes_the_same(name, sources, manifest, monkeypatch):
    images = np.random.default_rng(3).random((1, 3, 192, 192), np.float32)
    fast = session(convert_model(name, sources[name], manifest)).run(None, {'image': images})
    monkeypatch.setattr(tflite_to_onnx, 'prelu', plain_prelu)
    model = convert_model(name, sources[name], manifest)
    assert b'PRelu' in model
    for one, other in zip(fast, session(model).run(None, {'image': images}), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-3)


def enlarge_and_convolve(num_readers=1, kernel=1):
    """Nodes and constants of a picture that is enlarged and then convolved, and its output."""
    weights = np.random.default_rng(5).normal(size=(3, 2, kernel, kernel))
    graph = onnx_graph.GraphBuilder()
    large = graph.add('Resize', 'x', '', graph.constant([1, 1, 2, 2]), mode='linear')
    output = graph.add(
        'Conv',
        large,
        graph.constant(weights),
        graph.constant([1, -2, 3]),
        kernel_shape=[kernel] * 2,
    )
    if num_readers == 2:
        more = graph.add('Conv', large, graph.constant(weights), kernel_shape=[kernel] * 2)
        output = graph.add('Add', output, more)
    return graph, output


def run_graph(graph, output, x):
    values = [onnx.helper.make_tensor_value_info(name, 1, None) for name in ('x', output)]
    model = onnx.helper.make_model(
        onnx.helper.make_graph(graph.nodes, 'part', values[:1], values[1:], graph.constants),
        opset_imports=[onnx.helper.make_opsetid('', tflite_to_onnx.OPSET_VERSION)],
        ir_version=tflite_to_onnx.IR_VERSION,
    )
    return session(model.SerializeToString()).run(None, {'x': x})[0]


def test_a_picture_is_convolved_before_it_is_enlarged_and_is_the_same():
    x = np.random.default_rng(6).normal(size=(2, 2, 5, 4)).astype(np.float32)
    graph, output = enlarge_and_convolve()
    expected = run_graph(graph, output, x)
    onnx_graph.resize_last(graph.nodes)
    assert [node.op_type for node in graph.nodes] == ['Conv', 'Resize']
    np.testing.assert_allclose(run_graph(graph, output, x), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('changes', [{'num_readers': 2}, {'kernel': 3}])
def test_a_picture_is_enlarged_first_where_the_order_matters(changes):
    graph, _ = enlarge_and_convolve(**changes)
    onnx_graph.resize_last(graph.nodes)
    assert graph.nodes[0].op_type == 'Resize'


# Conversions that are wrong; each way is one that a converter can really go.


def with_attributes(operator, **attributes):
    """Have all nodes of `operator` made with other attributes."""

    def alter(monkeypatch):
        add = onnx_graph.GraphBuilder.add

        def altered(self, kind, *inputs, **given):
            if kind == operator:
                given = {**given, **attributes}
            return add(self, kind, *inputs, **given)

        monkeypatch.setattr(onnx_graph.GraphBuilder, 'add', altered)

    return alter


def padding_at_the_wrong_end(monkeypatch):
    window = tflite_to_onnx.Converter._window

    def altered(self, *arguments):
        attributes = window(self, *arguments)
        top, left, bottom, right = attributes['pads']
        return {**attributes, 'pads': [bottom, right, top, left]}

    monkeypatch.setattr(tflite_to_onnx.Converter, '_window', altered)


def relu_instead_of_prelu(monkeypatch):
    monkeypatch.setattr(tflite_to_onnx, 'prelu', lambda graph, x, slope: graph.add('Relu', x))


def concatenation_in_reverse(monkeypatch):
    add = onnx_graph.GraphBuilder.add

    def altered(self, kind, *inputs, **given):
        return add(self, kind, *(inputs[::-1] if kind == 'Concat' else inputs), **given)

    monkeypatch.setattr(onnx_graph.GraphBuilder, 'add', altered)


def one_weight_in_a_hundred_off_by_a_tenth(monkeypatch):
    constant = onnx_graph.GraphBuilder.constant

    def altered(self, value, dtype=np.float32):
        value = np.array(value, dtype)
        if value.ndim == 4:
            value.reshape(-1)[::100] *= 1.1
        return constant(self, value, dtype)

    monkeypatch.setattr(onnx_graph.GraphBuilder, 'constant', altered)


@pytest.mark.parametrize(
    ('name', 'mistake'),
    [
        *((name, padding_at_the_wrong_end) for name in MODEL_NAMES),
        *((name, one_weight_in_a_hundred_off_by_a_tenth) for name in MODEL_NAMES),
        (SMALLEST, relu_instead_of_prelu),
        (SMALLEST, concatenation_in_reverse),
        (SMALLEST, with_attributes('Resize', coordinate_transformation_mode='asymmetric')),
        (SMALLEST, with_attributes('Transpose', perm=(0, 3, 2, 1))),
    ],
)
def test_a_wrong_conversion_is_found_out(name, mistake, sources, manifest, monkeypatch):
    mistake(monkeypatch)
    with pytest.raises(UserError, match=rf'the converted {name} as TFLite does: .* differs by'):
        convert_model(name, sources[name], manifest)


def test_outputs_in_the_wrong_order_are_found_out(sources, manifest):
    outputs = manifest['models']['hand_landmark_lite']['outputs']
    swapped = {name: outputs[name] for name in reversed(outputs)}
    altered = {**manifest['models']['hand_landmark_lite'], 'outputs': swapped}
    model = {**manifest, 'models': {'hand_landmark_lite': altered}}
    with pytest.raises(UserError, match=r'as TFLite does: .* differs by'):
        convert_model('hand_landmark_lite', sources['hand_landmark_lite'], model)


def test_an_output_that_is_not_a_number_is_found_out(manifest):
    entry = manifest['models'][SMALLEST]
    values = {**entry['outputs']['boxes'], 'values': [float('nan')] * 48}
    entry = {**entry, 'outputs': {**entry['outputs'], 'boxes': values}}
    assert wrong_output(session(prepared(SMALLEST)), entry).startswith('boxes differs by nan')
