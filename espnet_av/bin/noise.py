"""Stage 3, noise: make the noises that training and tests mix into speech."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from espnet_av.command import add_config, stage_parser, user_errors
from espnet_av.config import load_config
from espnet_av.data.data_dir import read_data_dir
from espnet_av.noise.build import build_noise
from espnet_av.noise.config import NoiseConfig
from espnet_av.provenance import write_provenance


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("noise", __doc__)
    add_config(parser, "noises to make")
    parser.add_argument("--musan_dir", type=Path, help="noise corpus with music/, noise/, speech/")
    parser.add_argument(
        "--test_dirs",
        type=Path,
        nargs="+",
        default=[],
        help="test sets whose voices babble in tests",
    )
    parser.add_argument("speech_dir", type=Path, help="data dir or dump whose voices babble")
    parser.add_argument("noise_dir", type=Path, help="receives train/, valid/, test/")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the noises."""
    args = get_parser().parse_args(arguments)
    with user_errors("noise"):
        config = load_config(NoiseConfig, args.config, args.override)
        speech, tests = read_data_dir(args.speech_dir), map(read_data_dir, args.test_dirs)
        made = build_noise(speech, args.noise_dir, config, args.musan_dir, list(tests))
        write_provenance(args.noise_dir, config, config.seed)
        counts = ", ".join(f"{split} {len(noises)}" for split, noises in made.items())
        print(f"{args.speech_dir} -> {args.noise_dir}: noises: {counts}")


if __name__ == "__main__":
    main()
