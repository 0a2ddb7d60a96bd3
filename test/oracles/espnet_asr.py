"""Small experiments of ESPnet's ASR task, built, trained and saved by ESPnet's own classes."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from espnet_av.compat import espnet_version

TOKENS = ["<blank>", "<unk>", "<space>", *"etaoinsh", "<sos/eos>"]
LENGTHS = (24000, 12345, 17000)
ENCODER = {
    "output_size": 16,
    "attention_heads": 2,
    "linear_units": 16,
    "num_blocks": 2,
    "rel_pos_type": "latest",
    "macaron_style": True,
    "cnn_module_kernel": 7,
}
DECODER = {"attention_heads": 2, "linear_units": 16, "num_blocks": 2}
FRONTEND = {"fs": "16k", "n_mels": 20}


def sounds(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, S) and lengths; padding is zero, as ESPnet's collate function makes it."""
    speech = torch.randn(len(LENGTHS), max(LENGTHS), generator=torch.Generator().manual_seed(seed))
    inside = torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]
    return speech * 0.1 * inside, torch.tensor(LENGTHS)


def texts() -> tuple[torch.Tensor, torch.Tensor]:
    """(B, L) token ids, padded with -1, and lengths."""
    return torch.tensor([[2, 5, 3, 9], [4, 4, -1, -1], [10, 1, 7, -1]]), torch.tensor([4, 2, 3])


def make(folder: Path, steps: int = 3, **changes: Any) -> Any:
    """Builds a model, trains it for some steps on noise, saves it; returns it in evaluation.

    Args:
        folder: recipe; the experiment is `exp/asr` in it.
        steps: of an optimiser; 0 keeps random weights.
        changes: keys of ESPnet's configuration.
    """
    from espnet2.tasks.asr import ASRTask

    assert espnet_version()
    exp = folder / "exp/asr"
    exp.mkdir(parents=True)
    args = ASRTask.get_parser().parse_args(["--output_dir", str(exp), "--token_type", "char"])
    values = {
        "token_list": TOKENS,
        "frontend_conf": FRONTEND,
        "normalize": "global_mvn",
        "normalize_conf": {"stats_file": str(_feats_stats(folder, **changes))},
        "encoder": "conformer",
        "encoder_conf": ENCODER,
        "decoder": "transformer",
        "decoder_conf": DECODER,
        "model_conf": {"ctc_weight": 0.3, "lsm_weight": 0.1},
    }
    for name, value in {**values, **changes}.items():
        setattr(args, name, value)
    if args.normalize == "utterance_mvn":
        args.normalize_conf = {}
    torch.manual_seed(0)
    with _warprnnt():
        model = ASRTask.build_model(args)
    _train(model, steps)
    _save(exp, args, model)
    return model.eval()


def _feats_stats(folder: Path, **changes: Any) -> Path:
    """`feats_stats.npz`, as the collect_stats stage writes it: sums over all frames."""
    from espnet2.asr.frontend.default import DefaultFrontend

    feats, lengths = DefaultFrontend(**changes.get("frontend_conf", FRONTEND))(*sounds())
    frames = torch.cat([row[:n] for row, n in zip(feats, lengths.tolist(), strict=True)]).numpy()
    path = folder / "exp/asr_stats/train/feats_stats.npz"
    path.parent.mkdir(parents=True)
    np.savez(path, count=len(frames), sum=frames.sum(0), sum_square=(frames**2).sum(0))
    return path


@contextmanager
def _warprnnt() -> Iterator[None]:
    """A stand-in for the package of ESPnet's transducer loss, which pip does not have."""
    stand_in: Any = types.ModuleType("warprnnt_pytorch")
    stand_in.RNNTLoss = lambda **_: torch.nn.Identity()
    sys.modules["warprnnt_pytorch"] = stand_in
    try:
        yield
    finally:
        del sys.modules["warprnnt_pytorch"]


def _train(model: Any, steps: int) -> None:
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(steps):
        optimiser.zero_grad()
        text, text_lengths = texts()
        loss, _, _ = model(*sounds(), text, text_lengths)
        loss.sum().backward()
        optimiser.step()


def _save(exp: Path, args: Any, model: Any) -> None:
    """As ESPnet's main function and trainer do."""
    from espnet2.utils.yaml_no_alias_safe_dump import yaml_no_alias_safe_dump

    with (exp / "config.yaml").open("w", encoding="utf-8") as stream:
        yaml_no_alias_safe_dump(vars(args), stream, indent=4, sort_keys=False)
    torch.save(model.state_dict(), exp / "valid.acc.ave_10best.pth")
    (exp / "valid.acc.ave.pth").symlink_to("valid.acc.ave_10best.pth")
