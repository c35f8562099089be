"""The describer: a trunk's maps beside a colour path, a place to look at for each head, and a linear answer.

The trunk is `osnet` or `lite` (see `lite.py`). OSNet-AIN (Zhou et al., TPAMI 2021) levels out brightness and contrast
in its first layers, which helps to know somebody again and hides whether a coat is black or grey. A second, shallow
path without instance normalisation keeps colours. Each head pools both by an attention map of its own: hats are looked
for elsewhere than shoes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from inference.training.attributes.lite import LiteTrunk

# ImageNet's, which the trunks were first trained with.
MEAN = (123.675, 116.28, 103.53)
DEVIATION = (58.395, 57.12, 57.375)
STRIDE = 16
OSNET, COLOUR = 512, 96


class Network(nn.Module):
    """N×3×H×W RGB 0–255 in, N×V logits out: heads one after the other, values of a head in its order."""

    def __init__(self, heads: Mapping[str, Sequence[str]], size: tuple[int, int], trunk: str) -> None:
        super().__init__()
        self.b = LiteTrunk() if trunk == "lite" else _osnet()
        self.colour = nn.Sequential(
            nn.AvgPool2d(2), _step(3, 24, stride=2), _step(24, 48, stride=2), _step(48, COLOUR, stride=2)
        )
        channels = COLOUR + (LiteTrunk.channels if trunk == "lite" else OSNET)
        places = (size[0] // STRIDE) * (size[1] // STRIDE)
        self.look = nn.Conv2d(channels, len(heads), 1)
        self.place = nn.Parameter(torch.zeros(len(heads), places))
        self.normal = nn.BatchNorm1d(channels)
        self.drop = nn.Dropout(0.3)
        self.answers = nn.ModuleList(nn.Linear(channels, len(values)) for values in heads.values())
        nn.init.zeros_(self.look.weight)
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1), persistent=False)

    def forward(self, pictures: Tensor) -> Tensor:
        level = (pictures - self.mean) / self.deviation
        maps = torch.cat([self.b.featuremaps(level), self.colour(level)], 1)
        seen = (self.look(maps).flatten(2) + self.place).softmax(2)
        pooled = seen @ maps.flatten(2).transpose(1, 2).to(seen.dtype)
        pooled = self.drop(self.normal(pooled.transpose(1, 2)).transpose(1, 2))
        return torch.cat([answer(pooled[:, head]) for head, answer in enumerate(self.answers)], 1).float()

    def trunk(self) -> list[nn.Parameter]:
        """The parameters that may come from other work, to be trained more slowly."""
        return [weight for name, weight in self.b.named_parameters() if not name.startswith("mix.")]


class BothSides(nn.Module):
    """The mean of a network's logits on each picture and on its mirror image, reckoned in one go."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.network(torch.cat([pictures, pictures.flip(3)]))
        return logits.unflatten(0, (2, -1)).mean(0)


def _osnet() -> nn.Module:
    from torchreid.reid.models.osnet_ain import osnet_ain_x1_0

    trunk: nn.Module = osnet_ain_x1_0(num_classes=1, pretrained=False)
    trunk.classifier = trunk.fc = nn.Identity()
    return trunk


def _step(before: int, after: int, *, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True)
    )


def begin(network: Network, path: Path) -> None:
    """Take the trunk from a person ReID student's state file, or from EfficientNet-Lite0's.

    Raises:
        ValueError: The file lacks weights of the trunk.
    """
    if isinstance(network.b, LiteTrunk):
        network.b.begin(path)
        return
    state = torch.load(path, map_location="cpu", weights_only=True)
    state = state.get("ema", state)
    own = network.state_dict()
    wanted = {name for name in own if name.startswith("b.")}
    if lacking := wanted - state.keys():
        raise ValueError(f"{path} lacks {len(lacking)} weights of the trunk, {min(lacking)} among them.")
    network.load_state_dict({**own, **{name: state[name].float() for name in wanted}})
