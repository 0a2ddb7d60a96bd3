"""Stage 2, roi: find the mouth in every face video and store its clip."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2

from espnet_av.command import add_config, add_jobs, check_jobs, stage_parser, user_errors
from espnet_av.config import load_config
from espnet_av.data.shard_jobs import write_shards
from espnet_av.data.throughput import describe_throughput
from espnet_av.provenance import write_provenance
from espnet_av.roi.config import RoiConfig
from espnet_av.roi.stage import finish_roi, plan_roi


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("roi", __doc__)
    add_config(parser, "tracker and mouth region")
    add_jobs(parser, "the shards")
    parser.add_argument("--finish", action="store_true", help="merge what all jobs have done")
    parser.add_argument("data_dir", type=Path, help="the corpus; has video.scp")
    parser.add_argument("roi_dir", type=Path, help="output: clips, tracking.tsv, contact_sheet.png")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one share of the roi stage, or finish it."""
    args = get_parser().parse_args(arguments)
    # Jobs are the parallelism; threads on top of them only fight for the cores.
    cv2.setNumThreads(1)
    with user_errors("roi"):
        check_jobs(args.job, args.num_jobs)
        config = load_config(RoiConfig, args.config, args.override)
        shards = plan_roi(args.data_dir, args.roi_dir, config)
        if not shards:
            print(f"{args.data_dir}: no video, so no mouth clips")
            return
        if not args.finish:
            write_shards(shards, args.job, args.num_jobs)
            return
        clips = finish_roi(shards)
        print(describe_throughput(shards))
        write_provenance(args.roi_dir, shards[0].config)
        print(
            f"{args.data_dir} -> {args.roi_dir}: {len(clips)} mouth clips; look at "
            f"{args.roi_dir}/contact_sheet.png"
        )


if __name__ == "__main__":
    main()
