"""The interpreter of OpenVINO files gives what OpenVINO gives, also after training and at another size."""

from pathlib import Path

import numpy as np
import pytest

from inference.core.manifest import WEIGHTS_DIR

torch = pytest.importorskip("torch", reason="training needs requirements-gpu.txt")

SHIPPED = WEIGHTS_DIR / "person-reid-2.xml"


def by_openvino(path: Path, pictures: np.ndarray) -> np.ndarray:
    import openvino

    network = openvino.Core().read_model(str(path))
    network.reshape(list(pictures.shape))
    compiled = openvino.compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    features = next(iter(compiled(pictures[:, ::-1].copy()).values())).reshape(len(pictures), -1)
    return np.asarray(features / np.linalg.norm(features, axis=1, keepdims=True))


@pytest.mark.parametrize("size", [(256, 128), (192, 192)])
def test_written_weights_are_read_back_the_same(tmp_path: Path, size: tuple[int, int]) -> None:
    from inference.training.reid.ir import save_ir
    from inference.training.reid.network import load_student

    student = load_student(SHIPPED, size=size)
    with torch.no_grad():
        for weight in student.parameters():
            weight.mul_(1 + 0.01 * torch.rand_like(weight))
    save_ir(student, tmp_path / "trained.xml")
    pictures = np.random.default_rng(0).uniform(0, 255, (1, 3, *size)).astype(np.float32)
    with torch.no_grad():
        expected = student(torch.from_numpy(pictures)).numpy()
    assert (expected * by_openvino(tmp_path / "trained.xml", pictures)).sum() > 0.9999


def test_every_weight_can_be_trained() -> None:
    from inference.training.reid.network import load_student

    student = load_student(SHIPPED)
    student(torch.rand(1, 3, 256, 128) * 255).sum().backward()
    assert all(weight.grad is not None for weight in student.parameters())
