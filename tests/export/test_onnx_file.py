import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from s_cnn_rnn.export.onnx_file import _require_standard, _spell_out, _store_in_16_bits  # noqa: E402


def _model(op_type: str, initializers=()) -> onnx.ModelProto:
    value = {name: onnx.helper.make_tensor_value_info(name, 1, [3]) for name in "xy"}
    inputs = ["x", *(each.name for each in initializers)]
    node = onnx.helper.make_node(op_type, inputs, ["y"])
    graph = onnx.helper.make_graph([node], "one", [value["x"]], [value["y"]], list(initializers))
    opset = onnx.helper.make_opsetid("", 18)
    return onnx.helper.make_model(graph, opset_imports=[opset], ir_version=10)


def _run(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(["y"], {"x": x})[0]


@pytest.mark.parametrize(("op_type", "expected"), [("Expm1", np.expm1), ("Log1p", np.log1p)])
def test_operations_that_onnx_lacks_are_spelled_out(op_type, expected):
    model = _model(op_type)
    with pytest.raises(ValueError, match=f"no standard operator of ONNX for {op_type}"):
        _require_standard(model.graph)
    _spell_out(model.graph)
    _require_standard(model.graph)
    x = np.array([-0.5, 0.001, 2.0], np.float32)
    np.testing.assert_allclose(_run(model, x), expected(x), atol=2e-7)


def test_large_constants_are_stored_in_16_bits_where_they_fit():
    values = np.array([0.1, -3.7, 1000.3], np.float32)
    sizes = []
    for scale in (1.0, 100.0):  # 100,030 is beyond 16 bits
        large = np.tile(values * scale, 1000)
        small = onnx.numpy_helper.from_array(values, "w")
        big = onnx.numpy_helper.from_array(large, "large")
        model = _model("Add", [small])
        model.graph.initializer.append(big)
        _store_in_16_bits(model.graph)
        sizes.append(len(model.SerializeToString()))
        x = np.ones(3, np.float32)
        np.testing.assert_array_equal(_run(model, x), values + 1)
    assert sizes[0] < 0.6 * sizes[1]
