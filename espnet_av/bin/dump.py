"""Stage 3, dump: filter a data dir and pack its sound and mouth clips into archives."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from espnet_av.command import add_config, add_jobs, check_jobs, stage_parser, user_errors
from espnet_av.config import load_config
from espnet_av.data.shard_jobs import write_shards
from espnet_av.data.throughput import describe_throughput
from espnet_av.dump.config import DumpConfig
from espnet_av.dump.stage import finish_dump, plan_dump
from espnet_av.provenance import write_provenance


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("dump", __doc__)
    add_config(parser, "filters, shard size")
    add_jobs(parser, "the shards")
    parser.add_argument("--finish", action="store_true", help="merge what all jobs have done")
    parser.add_argument(
        "--images_dir", type=Path, help="of the images stage, for sets that name them"
    )
    parser.add_argument("data_dir", type=Path, help="the corpus")
    parser.add_argument("roi_dir", type=Path, help="its mouth clips; not read if it has no video")
    parser.add_argument("dump_dir", type=Path, help="output")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one share of the dump, or finish it."""
    args = get_parser().parse_args(arguments)
    with user_errors("dump"):
        check_jobs(args.job, args.num_jobs)
        config = load_config(DumpConfig, args.config, args.override)
        places = (args.data_dir, args.roi_dir, args.dump_dir)
        shards = plan_dump(*places, config, args.images_dir)
        if not args.finish:
            write_shards(shards, args.job, args.num_jobs)
            return
        dump = finish_dump(shards)
        print(describe_throughput(shards))
        write_provenance(args.dump_dir, config)
        print(f"{args.data_dir} -> {args.dump_dir}: {len(dump.utt_ids)} utterances")


if __name__ == "__main__":
    main()
