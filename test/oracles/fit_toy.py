"""Train the toy model as a script, so that Lightning can start it once for each process.

Usage: fit_toy.py <output folder> <strategy> <processes> <utterances a micro-batch> <accum_grad>
"""

import sys
from pathlib import Path

import torch
from oracles.toy_training import ToyDataset, ToyModel

from espnet_av.models.abs_validator import AbsValidator
from espnet_av.modules.statistics import PLAIN
from espnet_av.train.config import OptimConfig, TrainConfig
from espnet_av.train.data_module import AVDataModule
from espnet_av.train.devices import Devices
from espnet_av.train.lightning_module import AVLightningModule
from espnet_av.train.runner import build_trainer
from espnet_av.train.signals import StopRequest
from espnet_av.train.step_callback import StepCallback
from espnet_av.train.step_sampler import Progress


class Spread(AbsValidator):
    """Largest less smallest token of the set, and how many utterances it has."""

    stats = {"spread": PLAIN, "num_seen": PLAIN}

    def outputs(self, model, batch):
        return batch["text"][:, 0].tolist()

    def figures(self, kept):
        tokens = list(kept.values())
        return {"spread": float(max(tokens) - min(tokens)), "num_seen": float(len(tokens))}


class WatchedToy(ToyModel):
    def validators(self):
        return (Spread(),)


def main() -> None:
    out_dir, strategy = Path(sys.argv[1]), sys.argv[2]
    num_processes, max_utts, accum_grad = map(int, sys.argv[3:])
    config = TrainConfig(
        max_steps=3,
        batch_frames=100,
        max_utts=max_utts,
        accum_grad=accum_grad,
        optim="adam",
        optim_conf=OptimConfig(lr=0.1),
        scheduler="constant",
        strategy=strategy,
        num_workers=0,
        valid_interval_steps=3,
        save_interval_steps=1,
        log_interval_steps=1,
    )
    torch.manual_seed(0)
    progress = Progress()
    model = WatchedToy()
    module = AVLightningModule(model, config, progress)
    # Eight training utterances and three for validation: the ranks get unequal shares of those.
    data = AVDataModule(ToyDataset(8), ToyDataset(3), config, progress)
    callback = StepCallback(config, out_dir, StopRequest())
    trainer = build_trainer(config, out_dir, Devices(num_processes=num_processes), callback)
    trainer.fit(module, datamodule=data)
    result = {"points": callback.history.state_dict(), "steps": model.steps}
    torch.save(result, out_dir / f"rank{trainer.global_rank}.pt")


if __name__ == "__main__":
    main()
