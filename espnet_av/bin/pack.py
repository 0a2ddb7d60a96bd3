"""Stage 12, pack: put a trained model and all it needs into one zip."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from espnet_av.command import stage_parser, user_errors
from espnet_av.config import load_config
from espnet_av.roi.config import RoiConfig
from espnet_av.search.decode_config import DecodeConfig


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("pack", __doc__)
    parser.add_argument("--exp_dir", type=Path, required=True, help="trained experiment")
    parser.add_argument("--checkpoint", help="weights in it; none: the averaged model")
    parser.add_argument("--roi_config", type=Path, required=True, help="YAML of the roi stage")
    parser.add_argument(
        "--decode_config", type=Path, help="decoding YAML; none: the best search for the model"
    )
    parser.add_argument("out_path", type=Path, help="zip to write")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the zip."""
    options = get_parser().parse_args(arguments)
    # Torch and ESPnet: --help does without.
    from espnet_av.pack import pack_model

    with user_errors("pack"):
        pack_model(
            options.exp_dir,
            options.out_path,
            checkpoint=options.checkpoint,
            roi=load_config(RoiConfig, options.roi_config),
            decode=options.decode_config and load_config(DecodeConfig, options.decode_config),
        )
    size = options.out_path.stat().st_size / 1e6
    print(f"{options.exp_dir} -> {options.out_path} ({size:.1f} MB)")


if __name__ == "__main__":
    main()
