"""Stage 5, units: features of a dump -> k-means -> a unit label for every frame.

Three steps, with the same arguments: `--fit` clusters a share of the training set (one process);
then any number of jobs, `--job J --num_jobs N`, label the sets; then `--finish` joins their work
and writes the quality report. Each step is repeated at no cost, and done again when its inputs
changed:

    units --config conf/units_mfcc.yaml --sets dump/train dump/valid --train_dir dump/train \
        exp/units_mfcc --fit

With `--codebook`, more sets are labelled by centres that are there already: `--train_dir` and the
configuration are those by which they were fitted. With `features: model` in the configuration,
`--exp_dir` names the pre-trained model. `--sets` takes all names up to the next option, so it does
not stand just before the output folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from espnet_av.command import add_config, add_jobs, check_jobs, device_of, stage_parser, user_errors
from espnet_av.config import load_config
from espnet_av.data.shard_jobs import write_shards
from espnet_av.errors import CheckpointError, ConfigError
from espnet_av.fingerprint import file_fingerprint
from espnet_av.provenance import write_provenance
from espnet_av.units.config import UnitsConfig

if TYPE_CHECKING:
    from espnet_av.features.set_features import SetFeatures
    from espnet_av.features.source import FeatureSource, ModelSource


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("units", __doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_config(parser, "features, number of units, k-means")
    parser.add_argument("--train_dir", type=Path, required=True, help="dump k-means is fitted on")
    parser.add_argument("--sets", type=Path, nargs="+", required=True, help="dumps to label")
    parser.add_argument("--exp_dir", type=Path, help="pre-trained experiment (features: model)")
    parser.add_argument("--checkpoint", help="file in it; none: the averaged model")
    parser.add_argument(
        "--codebook",
        type=Path,
        help="units folder whose centres, fitted on the same, are taken in place of new ones",
    )
    step = parser.add_mutually_exclusive_group()
    step.add_argument("--fit", action="store_true", help="first step: fit the centres")
    step.add_argument("--finish", action="store_true", help="last step: merge, write the report")
    add_jobs(parser, "the shards")
    parser.add_argument("--ngpu", type=int, default=0, choices=[0, 1], help="0: CPU")
    parser.add_argument("--num_workers", type=int, default=0, help="loading processes")
    parser.add_argument("units_dir", type=Path, help="output: a folder of labels for each set")
    return parser


def make_source(options: argparse.Namespace, config: UnitsConfig) -> FeatureSource:
    """The features that the configuration asks for.

    Raises:
        ConfigError: the experiment is missing, or named although nothing needs it.
        CheckpointError: its weights cannot be used, or it has no features to give.
    """
    from espnet_av.features.source import MfccSource

    if (config.features == "model") != (options.exp_dir is not None):
        msg = f"features: {config.features} " + (
            "needs a pre-trained model: pass --exp_dir"
            if config.features == "model"
            else "uses no model: leave out --exp_dir, or set features: model and a layer"
        )
        raise ConfigError(msg)
    device = device_of(options.ngpu)
    if config.layer is None:
        return MfccSource(device)
    return load_model_source(options.exp_dir, options.checkpoint, config, device)


def load_model_source(
    exp_dir: Path, checkpoint: str | None, config: UnitsConfig, device: str
) -> ModelSource:
    """One layer of a trained experiment."""
    # Loading it takes seconds that MFCC need not pay for.
    from espnet_av.features.source import ModelSource
    from espnet_av.train.loading import default_checkpoint, load_experiment, read_train_config

    assert config.layer is not None, "features: model has a layer"
    train_config = read_train_config(exp_dir)
    path = exp_dir / (checkpoint or default_checkpoint(train_config))
    if not path.is_file():
        msg = f"{path}: no such checkpoint; train first, or name one with --checkpoint"
        raise CheckpointError(msg)
    origin: dict[str, Any] = {
        "features": "model",
        "experiment": exp_dir.name,
        "checkpoint": path.name,
        "layer": config.layer,
        "modality": config.modality,
        "weights_sha256": file_fingerprint(path),
    }
    return ModelSource(
        lambda: load_experiment(exp_dir, path.name, device)[0],
        config.layer,
        config.modality,
        train_config.dataset.video_crop,
        origin,
        device,
    )


def run(options: argparse.Namespace, config: UnitsConfig) -> None:
    """Do the step that is asked for."""
    # Torch: --help does without.
    from espnet_av.features.set_features import SetFeatures
    from espnet_av.units.fit import fit_codebook, fitted_codebook
    from espnet_av.units.stage import CODEBOOK, finish_units, name_sets, plan_units

    named, source = name_sets(options.sets), make_source(options, config)

    def features(dump_dir: Path) -> SetFeatures:
        return SetFeatures(dump_dir, source, config.batch_frames, options.num_workers)

    train = features(options.train_dir)
    folder: Path = options.units_dir / CODEBOOK
    if options.fit:
        given = options.codebook / CODEBOOK if options.codebook is not None else None
        codebook = fit_codebook(train, config, folder, given)
        print(f"{options.train_dir} -> {folder}: {len(codebook.centres)} centres")
        return
    codebook = fitted_codebook(train, config, folder)
    sets = {
        name: train if dump_dir == options.train_dir else features(dump_dir)
        for name, dump_dir in named.items()
    }
    shards = plan_units(sets, options.units_dir, codebook, config)
    if not options.finish:
        write_shards(shards, options.job, options.num_jobs)
        return
    report = finish_units(shards)
    write_provenance(options.units_dir, config, config.seed)
    for name, found in report["sets"].items():
        print(
            f"{named[name]} -> {options.units_dir / name}: {found['utterances']} utterances, "
            f"perplexity {found['perplexity']:.1f} of {report['num_units']}"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit, label one share, or finish."""
    options = get_parser().parse_args(arguments)
    with user_errors("units"):
        check_jobs(options.job, options.num_jobs)
        run(options, load_config(UnitsConfig, options.config, options.override))


if __name__ == "__main__":
    main()
