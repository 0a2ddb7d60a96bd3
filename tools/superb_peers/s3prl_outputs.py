"""What s3prl makes of given states, labels, names and turns, alone in its environment.

    PYTHONPATH=<folder of s3prl> python s3prl_outputs.py INPUTS.npz OUTPUTS.npz

Stood in for, since no figure depends on them: what torchaudio has no more (backends, SoX effects)
and a wrapper of samplers.
"""

import json
import sys
import tempfile
import types
import wave
from pathlib import Path

import numpy as np
import torch
import torchaudio
from torch import nn
from torch.nn.utils.rnn import pad_sequence

torchaudio.set_audio_backend = lambda name: None
for name in ("torchaudio.sox_effects", "catalyst", "catalyst.data", "catalyst.data.sampler"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__getattr__ = lambda attribute: None

from s3prl.downstream.ctc.text import load_text_encoder  # noqa: E402
from s3prl.downstream.diarization.dataset import DiarizationDataset  # noqa: E402
from s3prl.downstream.diarization.model import Model as DiarizationHead  # noqa: E402
from s3prl.downstream.diarization.utils import pit_loss  # noqa: E402
from s3prl.downstream.model import FrameLevel, UtteranceLevel  # noqa: E402
from s3prl.downstream.speech_commands.expert import split_dataset  # noqa: E402
from s3prl.nn.upstream import Featurizer  # noqa: E402

Inputs = dict[str, np.ndarray]


def load(module: nn.Module, inputs: Inputs, prefix: str) -> nn.Module:
    """Weights of the inputs, by their names behind a prefix."""
    found = {
        k.removeprefix(prefix): torch.from_numpy(inputs[k]) for k in inputs if k.startswith(prefix)
    }
    module.load_state_dict(found)
    return module


def weighted_sum(inputs: Inputs, normalize: bool) -> torch.Tensor:
    """(B, T, D)."""
    states = torch.from_numpy(inputs["states"]).unbind(2)
    num = len(states)
    told = types.SimpleNamespace(
        hidden_sizes=[states[0].size(2)] * num, downsample_rates=[320] * num, num_layers=num
    )
    featurizer = Featurizer(told, normalize=normalize)
    featurizer.weights.data = torch.from_numpy(inputs["state_weights"])
    lengths = torch.from_numpy(inputs["lengths"])
    return featurizer(list(states), [lengths] * num)[0]


def heads(inputs: Inputs, mixed: torch.Tensor) -> dict[str, np.ndarray]:
    """Losses of the four heads, as the `forward` of each expert computes them."""
    lengths, size = torch.from_numpy(inputs["lengths"]), mixed.size(2)
    rows = [row[:length] for row, length in zip(mixed, lengths.tolist(), strict=True)]
    features, found = pad_sequence(rows, batch_first=True), {}
    middle = inputs["ks.project.weight"].shape[0]
    post = {"post_net": {"select": "FrameLevel"}, "pooling": "MeanPooling"}

    def classes(task: str) -> torch.Tensor:
        num = inputs[f"{task}.head.weight"].shape[0]
        project = load(nn.Linear(size, middle), inputs, f"{task}.project.")
        model = UtteranceLevel(middle, num, **post)
        load(model.post_net.linear, inputs, f"{task}.head.")
        return model(project(features), lengths)[0]

    logits = classes("ks")
    found["ks"] = nn.CrossEntropyLoss()(logits, torch.from_numpy(inputs["label"]))
    logits, start, loss = classes("ic"), 0, 0
    for slot, num in enumerate(inputs["slots"].tolist()):
        wanted = torch.from_numpy(inputs["slot_labels"][:, slot])
        loss = loss + nn.CrossEntropyLoss()(logits[:, start : start + num], wanted)
        start += num
    found["ic"] = loss
    num = inputs["pr.head.weight"].shape[0]
    project = load(nn.Linear(size, middle), inputs, "pr.project.")
    model = FrameLevel(middle, num)
    load(model.linear, inputs, "pr.head.")
    logits, frames = model(project(features), lengths)
    texts = [torch.from_numpy(row[row >= 0]) for row in inputs["phones"]]
    ends = [torch.cat([row, torch.tensor([1])]) for row in texts]
    found["pr"] = nn.CTCLoss(blank=0, zero_infinity=True)(
        logits.log_softmax(-1).transpose(0, 1),
        pad_sequence(ends, batch_first=True),
        frames,
        torch.tensor([len(row) for row in ends]),
    )
    model = DiarizationHead(
        size, 2, rnn_layers=1, hidden_size=inputs["sd.lstm.weight_hh_l0"].shape[1]
    )
    load(model.rnn, inputs, "sd.lstm.")
    load(model.linear, inputs, "sd.head.")
    activity = torch.from_numpy(inputs["activity"])
    # s3prl pads labels with zeros and its features' length is that of the labels.
    found["sd"] = pit_loss(model(features), activity[:, : features.size(1)], lengths)[0]
    return {name: value.detach().numpy() for name, value in found.items()}


def split(names: list[str]) -> dict[str, str]:
    """Name of a file -> set."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "word"
        folder.mkdir()
        for name in names:
            (folder / name).touch()
        train, valid = split_dataset(place)
    return {p.name: "train" for _, p in train} | {p.name: "valid" for _, p in valid}


def turn_labels(cases: list[dict]) -> list[list[list[int]]]:
    """Case -> chunk -> frames of each talker; 400 frames of 160 samples a chunk."""
    found = []
    for case in cases:
        with tempfile.TemporaryDirectory() as place:
            root = Path(place)
            with wave.open(str(root / "rec.wav"), "wb") as file:
                file.setparams((1, 2, 16000, 0, "NONE", ""))
                file.writeframes(bytes(2 * round(16000 * case["seconds"])))
            talkers = [turn[0] for turn in case["turns"]]
            lines = {
                "wav.scp": [f"rec {root}/rec.wav"],
                "reco2dur": [f"rec {case['seconds']}"],
                "segments": [f"u{i} rec {a} {b}" for i, (_, a, b) in enumerate(case["turns"])],
                "utt2spk": [f"u{i} {who}" for i, who in enumerate(talkers)],
                "spk2utt": [f"{who} u{i}" for i, who in enumerate(talkers)],
            }
            for name, rows in lines.items():
                (root / name).write_text("\n".join(rows) + "\n")
            data = DiarizationDataset(
                "train", place, chunk_size=400, frame_shift=160, num_speakers=len(set(talkers))
            )
            found.append([data[i][1].sum(axis=0).tolist() for i in range(len(data))])
    return found


def main() -> None:
    inputs = dict(np.load(sys.argv[1]))
    told = json.loads(str(inputs.pop("told")))
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as units:
        units.write("\n".join(told["units"]) + "\n")
        units.flush()
        vocab = load_text_encoder("word", units.name).vocab_size
    mixed = weighted_sum(inputs, normalize=False)
    facts = {"split": split(told["names"]), "turns": turn_labels(told["turns"]), "vocab": vocab}
    np.savez(
        sys.argv[2],
        mixed=mixed.detach().numpy(),
        mixed_normalised=weighted_sum(inputs, normalize=True).detach().numpy(),
        told=json.dumps(facts),
        **heads(inputs, mixed),
    )


if __name__ == "__main__":
    main()
