"""Values answered as one and offsets, as `pool` fits them and as the finished graph gives them."""

from typing import Any

import numpy as np
import pytest

from inference.training.attributes.labels import HEADS, MERGED
from inference.training.attributes.metrics import balanced_accuracy, fit_offsets, probabilities
from inference.training.attributes.pool import Answers, merge, shifted


def answers(logits: np.ndarray, labels: np.ndarray) -> Answers:
    names = np.array([str(number) for number in range(len(labels))])
    return Answers(logits.astype(np.float64), labels, np.arange(len(labels)) % 5, names, np.full(len(labels), "market"))


def skewed(offset: float) -> tuple[np.ndarray, np.ndarray]:
    """Logits that say value 2 too often, by a known offset."""
    random = np.random.default_rng(0)
    labels = np.arange(1500) % 3
    logits = random.normal(0, 1, (1500, 3)) + 2.0 * np.eye(3)[labels]
    return logits + np.array([0, 0, offset]), labels


def test_offsets_undo_a_known_skew() -> None:
    logits, labels = skewed(1.5)
    offsets = fit_offsets(logits, labels, penalty=0.0)
    assert offsets.sum() == pytest.approx(0.0)
    assert offsets[:2].mean() - offsets[2] == pytest.approx(1.5, abs=0.25)


def test_offsets_of_a_value_that_never_occurs_stay_finite() -> None:
    logits, labels = skewed(0.0)
    offsets = fit_offsets(np.hstack([logits, logits[:, :1]]), labels)
    assert np.isfinite(offsets).all()


def test_a_head_is_shifted_only_where_it_gains() -> None:
    logits, labels = skewed(1.5)
    better, offsets = shifted(answers(logits, labels))
    assert balanced_accuracy(better.logits, labels) > balanced_accuracy(logits, labels) + 0.01
    assert offsets[2] < 0
    straight, labels = skewed(0.0)
    same, none = shifted(answers(straight, labels))
    assert (same.logits == straight).all()
    assert not none.any()


def test_chances_of_merged_values_add_up() -> None:
    found = answers(np.array([[0.0, 1.0, 2.0], [3.0, 0.5, -1.0]]), np.array([1, 2]))
    merged, values = merge(found, ["black", "silver", "grey"], {"silver": "grey"})
    assert values == ["black", "grey"]
    assert merged.labels.tolist() == [1, 1]
    before, after = probabilities(found.logits), probabilities(merged.logits)
    assert after[:, 1] == pytest.approx(before[:, 1] + before[:, 2])


def graph(width: int) -> Any:
    onnx = pytest.importorskip("onnx")
    kind = onnx.TensorProto.FLOAT
    given = onnx.helper.make_tensor_value_info("rgb", kind, ["batch", width])
    said = onnx.helper.make_tensor_value_info("logits", kind, ["batch", width])
    node = onnx.helper.make_node("Identity", ["rgb"], ["logits"])
    whole = onnx.helper.make_graph([node], "tiny", [given], [said])
    return onnx.helper.make_model(whole, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)


def test_a_finished_graph_adds_merges_and_offsets() -> None:
    model = graph(3)
    from inference.training.attributes.finish import finish

    finish(model, [[0], [1, 2]], [0.5, -0.5])
    import openvino

    network = openvino.Core().compile_model(openvino.Core().read_model(model.SerializeToString()), "CPU")
    said = network(np.array([[0.0, 1.0, 2.0], [0.0, 90.0, -90.0]], np.float32))[0]
    assert said[0] == pytest.approx([0.5, np.logaddexp(1.0, 2.0) - 0.5], abs=1e-5)
    assert said[1] == pytest.approx([0.5, 89.5])


def test_a_graph_needs_one_offset_for_each_value() -> None:
    model = graph(3)
    from inference.training.attributes.finish import finish

    with pytest.raises(ValueError, match="one offset"):
        finish(model, [[0], [1, 2]], [0.5])


def test_columns_follow_the_merged_heads_and_others_are_refused() -> None:
    pytest.importorskip("onnx")
    from inference.training.attributes.finish import members

    taught = HEADS["vehicle"]
    heads = [
        {"name": name, "values": [value for value in values if value not in MERGED.get(name, {})]}
        for name, values in taught.items()
    ]
    columns = members(taught, heads)
    assert columns[:3] == [[0], [1], [2, 3]]
    assert sorted(column for chosen in columns for column in chosen) == list(range(sum(map(len, taught.values()))))
    with pytest.raises(ValueError, match="values of colour"):
        members(taught, [{**heads[0], "values": ["black"]}, *heads[1:]])
    with pytest.raises(ValueError, match="not those"):
        members(taught, heads[::-1])
