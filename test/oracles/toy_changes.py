"""For each row of README's 'Where do I change ...' a toy: what it adds, and how it is tried."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Toy:
    """What somebody would do who follows a row, in a copy of the tree."""

    check: str
    """Code that fails unless the toy can be used; it runs in an empty folder."""
    files: dict[str, str] = field(default_factory=dict)
    """New file -> its content."""
    edits: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """File -> pattern of what it has once, and what takes its place, `THERE` being just that."""


THERE = "<what is there>"


def after(anchor: str, text: str) -> tuple[str, str]:
    """An edit that adds text behind what is there, however that is laid out."""
    words = re.findall(r"\w+|\n+|[^\w\s]", anchor)
    return r"[ \t]*".join(map(re.escape, words)), THERE + text


def before(anchor: str, text: str) -> tuple[str, str]:
    """An edit that adds text before what is there."""
    return re.escape(anchor), text + THERE


CORPUS = Toy(
    files={
        "espnet_av/corpora/toyland.py": '''
from pathlib import Path

from espnet_av.data.data_dir import write_data_dir


def prepare_toyland(root: str, out_dir: str, *, num_utts: int = 9) -> dict[str, int]:
    """Sounds of a folder."""
    names = [path.stem for path in sorted(Path(root).glob("*.wav"))][:num_utts]
    sounds = {name: f"{root}/{name}.wav" for name in names}
    write_data_dir(f"{out_dir}/train", {"wav.scp": sounds, "utt2spk": dict.fromkeys(names, "s")})
    return {"train": len(names)}
''',
        "egs2/toyland/avsr1/local/data.sh": """#!/usr/bin/env bash
. ./path.sh
python3 -m espnet_av.bin.prepare toyland --num_utts 3 "${TOYLAND}" "$2"
""",
    },
    edits={
        "espnet_av/corpora/__init__.py": [
            after(
                '    "corpora",\n    {\n',
                '        "toyland": "espnet_av.corpora.toyland:prepare_toyland",\n',
            )
        ]
    },
    check="""
import os, subprocess
from pathlib import Path
from espnet_av.data.data_dir import read_data_dir
recipe = TREE / "egs2/toyland/avsr1"
subprocess.run([TREE / "egs2/TEMPLATE/av1/setup.sh", recipe], check=True, capture_output=True)
(recipe / "local/data.sh").chmod(0o755)
for name in "abcd":
    Path(f"{name}.wav").touch()
env = {**os.environ, "TOYLAND": os.getcwd()}
subprocess.run(["bash", "av.sh", "--stop_stage", "data"], cwd=recipe, env=env, check=True)
assert read_data_dir(recipe / "data/train").utt_ids == ["a", "b", "c"]
""",
)

MODEL = Toy(
    files={
        "espnet_av/models/toynet/__init__.py": "",
        "espnet_av/models/toynet/config.py": """
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ToyNetConfig:
    size: int = 3
""",
        "espnet_av/models/toynet/model.py": """
import torch

from espnet_av.models.abs_model import AVModel
from espnet_av.models.toynet.config import ToyNetConfig
from espnet_av.modules.statistics import LOWER, Statistics, mean_over


class ToyNet(AVModel):
    config_class = ToyNetConfig
    stats = {"loss": LOWER}
    reads = frozenset({"speech"})

    def __init__(self, config, sizes):
        super().__init__(config, sizes)
        self.layer = torch.nn.Linear(1, config.size)

    def forward(self, speech, speech_lengths, **_):
        out = self.layer(speech.mean(1, keepdim=True))
        loss = out.square().mean()
        num = float(len(speech))
        return loss, Statistics(self.stats, {"loss": mean_over(loss, num)}), torch.tensor(num)

    def collect_feats(self, **batch):
        raise NotImplementedError
""",
    },
    edits={
        "espnet_av/models/__init__.py": [
            after(
                "from espnet_av.models.abs_model import AVModel\n",
                "from espnet_av.models.toynet.model import ToyNet\n",
            ),
            after("_CLASSES: dict[str, type[AVModel]] = {\n", '    "toynet": ToyNet,\n'),
        ]
    },
    check="""
import torch
from pathlib import Path
from espnet_av.config import load_config
from espnet_av.train.config import TrainConfig
from espnet_av.train.loading import build_model
Path("train.yaml").write_text("model: toynet\\nmodel_conf: {size: 5}\\n")
model = build_model(load_config(TrainConfig, "train.yaml"), None)
loss, stats, weight = model(torch.ones(2, 640), torch.tensor([640, 640]))
loss.backward()
assert model.layer.weight.grad.shape == (5, 1) and weight == 2
""",
)

LAYER = Toy(
    files={
        "espnet_av/modules/frontend/visual_toy.py": """
from dataclasses import dataclass

from torch import nn

from espnet_av.modules.frontend.abs_visual_frontend import AbsVisualFrontend


@dataclass(frozen=True, kw_only=True)
class ToyEyesConfig:
    bias: bool = True


class ToyEyes(AbsVisualFrontend):
    def __init__(self, config, output_size):
        super().__init__(1, output_size)
        self.layer = nn.Linear(1, output_size, bias=config.bias)

    def compute(self, pixels, lengths):
        return self.layer(pixels.mean((1, 2))[:, None])
"""
    },
    edits={
        "espnet_av/modules/__init__.py": [
            after(
                "from espnet_av.modules.frontend.wave_frontend import WaveConfig, WaveFrontend\n",
                "from espnet_av.modules.frontend.visual_toy import ToyEyes, ToyEyesConfig\n",
            ),
            after("VISUAL_FRONTENDS = {\n", '    "toy": (ToyEyesConfig, ToyEyes),\n'),
        ]
    },
    check="""
from espnet_av.config import build
from espnet_av.modules.frontend.av_frontend import AVFrontend
from espnet_av.modules.frontend.av_frontend_config import AVFrontendConfig
told = {"visual_frontend": "toy", "visual_frontend_conf": {"bias": False}, "feature_size": 8}
assert AVFrontend(build(AVFrontendConfig, told)).visual.layer.weight.shape == (8, 1)
""",
)

LOSS = Toy(
    files={
        "espnet_av/ops/toy_loss.py": '''
from torch import Tensor


def toy_loss(values: Tensor) -> Tensor:
    """Mean size of (B, D)."""
    return values.abs().mean()
''',
        "test/oracles/toy_loss_by_hand.py": """
def toy_loss_by_hand(rows):
    return sum(abs(value) for row in rows for value in row) / sum(map(len, rows))
""",
    },
    edits={
        "espnet_av/models/toynet/model.py": [
            after("import torch\n\n", "from espnet_av.ops.toy_loss import toy_loss\n"),
            (r"loss = out.square\(\).mean\(\)", "loss = toy_loss(out)"),
        ]
    },
    check="""
import sys, torch
sys.path.insert(0, str(TREE / "test/oracles"))
from toy_loss_by_hand import toy_loss_by_hand
from espnet_av.models import MODELS
from espnet_av.models.abs_model import NO_SIZES
config_class, model_class = MODELS["toynet"]
model = model_class.from_config(config_class(), NO_SIZES)
speech = torch.randn(2, 640)
out = model.layer(speech.mean(1, keepdim=True))
loss, *_ = model(speech, torch.tensor([640, 640]))
assert abs(float(loss) - toy_loss_by_hand(out.tolist())) < 1e-6
""",
)

DATA = Toy(
    files={
        "espnet_av/data/readers/toymood.py": """
import numpy as np

from espnet_av.data.readers.abs_reader import AbsReader


class ToyMoodReader(AbsReader):
    field = "toymood"

    def read(self, utt_id, draw):
        return np.array([float(self.data.get("utt2toymood", utt_id))], np.float32)
"""
    },
    edits={
        "espnet_av/data/fields.py": [
            after(
                "_OWN = {\n    field.name: field\n    for field in (\n",
                '        Field(name="toymood", tables=(Table(name="utt2toymood"),)),\n',
            )
        ],
        "espnet_av/data/readers/__init__.py": [
            after(
                "from espnet_av.data.readers.abs_reader import AbsReader\n",
                "from espnet_av.data.readers.toymood import ToyMoodReader\n",
            ),
            after("TeacherReader,", " ToyMoodReader,"),
        ],
    },
    check="""
from pathlib import Path
from oracles.tiny_run import write_tiny_dump
from espnet_av.data.batch import collate
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.dataset_config import DatasetConfig
write_tiny_dump(Path("dump"), 2, seed=1)
data = read_data_dir("dump")
moods = {utt_id: str(n) for n, utt_id in enumerate(data.utt_ids)}
write_data_dir("dump", {**data.tables, "utt2toymood": moods})
dataset = AVDataset("dump", None, DatasetConfig(video_crop=16), reads=["toymood"])
assert collate([dataset[0], dataset[1]]).as_dict()["toymood"].tolist() == [[0.0], [1.0]]
""",
)

AUGMENTATION = Toy(
    edits={
        "espnet_av/data/readers/video_augment.py": [
            after(
                "    frames = random_crop(frames, config.video_crop, generator)\n",
                "    frames = 255 - frames\n",
            )
        ]
    },
    check="""
from pathlib import Path
from oracles.tiny_run import write_tiny_dump
from espnet_av.data.dataset import AVDataset
from espnet_av.data.dataset_config import DatasetConfig
write_tiny_dump(Path("dump"), 1, seed=1)
config = DatasetConfig(video_crop=20, flip_prob=0, time_mask_frames=0)
plain, trained = (AVDataset("dump", None, config, train=train)[0].video for train in (False, True))
assert (trained == 255 - plain).all()
assert (TREE / "espnet_av/noise").is_dir()
""",
)
