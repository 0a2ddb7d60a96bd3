"""Stage 3, images: a detector's features, or pictures, to archives of regions and boxes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from espnet_av.command import add_config, add_jobs, check_jobs, device_of, stage_parser, user_errors
from espnet_av.config import load_config
from espnet_av.data.shard_jobs import write_shards
from espnet_av.images.config import ImagesConfig
from espnet_av.provenance import write_provenance


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("images", __doc__)
    parser.add_argument("images_dir", type=Path, help="output: image.scp, boxes.scp, images.yaml")
    add_config(parser, "encoder, sizes to expect")
    parser.add_argument(
        "--sources",
        type=Path,
        nargs="+",
        required=True,
        help=".tsv of LXMERT, .hdf5 of FaST-VGS, folders of pictures",
    )
    parser.add_argument(
        "--data_dirs",
        type=Path,
        nargs="+",
        default=[],
        help="sets whose utt2image says which are wanted; default: all of the sources",
    )
    add_jobs(parser, "the shards")
    parser.add_argument("--ngpu", type=int, default=0, choices=[0, 1], help="0: CPU")
    parser.add_argument("--finish", action="store_true", help="merge what all jobs have done")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one share of the images stage, or finish it."""
    args = get_parser().parse_args(arguments)
    with user_errors("images"):
        # Not above: torch, which --help does without.
        from espnet_av.images.stage import finish_images, open_sources, plan_images

        check_jobs(args.job, args.num_jobs)
        config = load_config(ImagesConfig, args.config, args.override)
        device = device_of(1) if args.ngpu else "cpu"
        sources = open_sources(args.sources, args.images_dir, config, device)
        plan = plan_images(sources, args.images_dir, config, args.data_dirs)
        if not args.finish:
            write_shards(plan.shards, args.job, args.num_jobs)
            return
        made = finish_images(plan)
        write_provenance(args.images_dir, config, config.seed)
        print(f"{args.images_dir}: {len(made)} images; what was left out: dropped.tsv")


if __name__ == "__main__":
    main()
