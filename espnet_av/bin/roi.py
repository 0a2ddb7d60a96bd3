"""Stage 2, roi: find the mouth in every face video and store its clip."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2

from espnet_av.config import load_config
from espnet_av.data.shard import write_shards
from espnet_av.errors import AVError
from espnet_av.media.roi_config import RoiConfig
from espnet_av.media.roi_stage import finish_roi, plan_roi
from espnet_av.provenance import write_provenance


def get_parser() -> argparse.ArgumentParser:
    """Options of `python -m espnet_av.bin.roi`."""
    parser = argparse.ArgumentParser(prog="python -m espnet_av.bin.roi", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="YAML of the tracker")
    parser.add_argument("--override", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--job", type=int, default=1, help="which share to do, from 1")
    parser.add_argument("--num_jobs", type=int, default=1, help="number of shares")
    parser.add_argument("--finish", action="store_true", help="merge what all jobs have done")
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("roi_dir", type=Path)
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one share of the roi stage, or finish it."""
    args = get_parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s: %(message)s")
    # Jobs are the parallelism; threads on top of them only fight for the cores.
    cv2.setNumThreads(1)
    try:
        config = load_config(RoiConfig, args.config, args.override)
        shards = plan_roi(args.data_dir, args.roi_dir, config)
        if not args.finish:
            write_shards(shards, args.job, args.num_jobs)
            return
        clips = finish_roi(shards)
        write_provenance(args.roi_dir, shards[0].config)
        print(
            f"{args.data_dir} -> {args.roi_dir}: {len(clips)} mouth clips; look at "
            f"{args.roi_dir}/contact_sheet.png"
        )
    except AVError as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
