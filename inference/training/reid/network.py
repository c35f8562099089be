"""The student: OSNet-AIN x1.0 of torchreid, a linear head, and the pictures' mean and deviation inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.training.reid.ir import IrNetwork

DIMENSION = 256
# ImageNet's, which the trunk was first trained with.
MEAN = (123.675, 116.28, 103.53)
DEVIATION = (58.395, 57.12, 57.375)


class Student(nn.Module):
    """N×3×H×W RGB 0–255 in, N×256 unit vectors out."""

    def __init__(self) -> None:
        super().__init__()
        from torchreid.reid.models.osnet_ain import osnet_ain_x1_0

        self.b = osnet_ain_x1_0(num_classes=1, pretrained=False)
        self.b.classifier = nn.Identity()
        self.h = nn.Linear(512, DIMENSION)
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1), persistent=False)

    def forward(self, pictures: Tensor) -> Tensor:
        maps = self.b.featuremaps((pictures - self.mean) / self.deviation)
        pooled = self.b.fc(maps.mean((2, 3)))
        return F.normalize(self.h(pooled).float(), dim=1)


def load_student(path: Path | None, *, size: tuple[int, int] | None = None) -> nn.Module:
    """Return a student with the weights of a state dict (`path`), the network of an OpenVINO .xml, or a new student.

    A state that was trained from an .xml says so (`ir`), and is read into that network. `size` is the height and width
    of its pictures, for a network that must know.
    """
    if path is None:
        return Student()
    if path.suffix == ".xml":
        network = IrNetwork(path)
        if size and size != network.size:
            network.fit(*size)
        return network
    state = torch.load(path, map_location="cpu", weights_only=True)
    student = load_student(Path(state["ir"]), size=tuple(state["size"])) if state.get("ir") else Student()
    state = state.get("ema", state)
    missing, unknown = student.load_state_dict({name: value.float() for name, value in state.items()}, strict=False)
    if missing or unknown:
        raise ValueError(f"{path}: {len(missing)} weights are missing, {len(unknown)} unknown.")
    return student


def origin_of(student: nn.Module) -> dict[str, Any]:
    """What a state file must say of a student, so that `load_student` can build it again."""
    return {"ir": str(student.xml), "size": list(student.size)} if isinstance(student, IrNetwork) else {}


def channels_last(student: nn.Module) -> nn.Module:
    """Lay its kernels out as the GPU's convolutions want them."""
    for weight in student.parameters():
        if weight.dim() == 4:
            weight.data = weight.data.contiguous(memory_format=torch.channels_last)
    return student
