"""Train a model: dump, tokens or units -> experiment; run again to go on where it stopped."""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from contextlib import nullcontext
from pathlib import Path

from espnet_av.command import add_config, device_of, explain, stage_parser, user_errors
from espnet_av.config import load_config
from espnet_av.errors import AVError
from espnet_av.train.config import TrainConfig
from espnet_av.train.devices import Devices, is_main_process
from espnet_av.train.folder_lock import only_process
from espnet_av.train.signals import EXIT_STOPPED, StopRequest

logger = logging.getLogger("espnet_av.train")


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("train", __doc__)
    add_config(parser, "model, data, optimiser")
    parser.add_argument("--train_dir", type=Path, required=True, help="dump of the training set")
    parser.add_argument("--valid_dir", type=Path, required=True, help="dump of the validation set")
    parser.add_argument("--token_dir", type=Path, help="tokenizer, for models of text")
    parser.add_argument("--units_dir", type=Path, help="unit labels, for models that predict them")
    parser.add_argument("--noise_dir", type=Path, help="noises for dataset.noise_prob")
    parser.add_argument("--ngpu", type=int, default=0, help="GPUs on each machine; 0: CPU")
    parser.add_argument("--num_nodes", type=int, default=1, help="machines")
    parser.add_argument(
        "--num_processes", type=int, default=1, help="CPU processes, when --ngpu is 0"
    )
    parser.add_argument("exp_dir", type=Path, help="experiment folder to write or go on with")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 done, 1 error, 75 asked to stop (saved; run again to go on)."""
    options = get_parser().parse_args(arguments)
    # Torch and the models; Lightning, which takes longer still, waits for a valid configuration.
    from espnet_av.train.experiment import log_to_file

    is_main = is_main_process()
    logging.basicConfig(format="%(asctime)s %(levelname)s: %(message)s")
    logging.getLogger("espnet_av").setLevel(logging.INFO if is_main else logging.WARNING)
    log = log_to_file(options.exp_dir / "train.log") if is_main else nullcontext()
    with user_errors("train"), log:
        return _run(options, is_main)


def _run(options: argparse.Namespace, is_main: bool) -> int:
    from espnet_av.train.experiment import TrainInputs

    try:
        config = load_config(TrainConfig, options.config, options.override)
        inputs = TrainInputs(
            train_dir=options.train_dir,
            valid_dir=options.valid_dir,
            token_dir=options.token_dir,
            units_dir=options.units_dir,
            noise_dir=options.noise_dir,
        )
        devices = Devices(
            ngpu=options.ngpu, num_nodes=options.num_nodes, num_processes=options.num_processes
        )
        device_of(options.ngpu)
        from espnet_av.train.runner import Outcome, train

        _quiet_lightning()
        with only_process(options.exp_dir) if is_main else nullcontext(), StopRequest() as stop:
            outcome = train(config, inputs, options.exp_dir, devices, stop)
    except (AVError, OSError, RuntimeError) as error:
        # Not left to `user_errors`: it belongs into train.log.
        line = explain(error)
        if line is None:
            raise
        logger.error("%s", line)
        return 1
    # The main process speaks for all: Lightning kills it when another ends with a status.
    return EXIT_STOPPED if outcome is Outcome.STOPPED and is_main else 0


def _quiet_lightning() -> None:
    """Its hints and deprecations are about code, not about anything a user can change."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    logging.getLogger("lightning.fabric").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning.*")


if __name__ == "__main__":
    sys.exit(main())
