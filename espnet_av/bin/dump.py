"""Stage 3, dump: filter a data dir and pack its sound and mouth clips into archives."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from espnet_av.config import load_config
from espnet_av.data.dump import finish_dump, plan_dump
from espnet_av.data.dump_config import DumpConfig
from espnet_av.data.shard import write_shards
from espnet_av.errors import AVError
from espnet_av.provenance import write_provenance


def get_parser() -> argparse.ArgumentParser:
    """Options of `python -m espnet_av.bin.dump`."""
    parser = argparse.ArgumentParser(prog="python -m espnet_av.bin.dump", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="YAML: filters, shard size")
    parser.add_argument("--override", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--job", type=int, default=1, help="which share to do, from 1")
    parser.add_argument("--num_jobs", type=int, default=1, help="number of shares")
    parser.add_argument("--finish", action="store_true", help="merge what all jobs have done")
    parser.add_argument("data_dir", type=Path, help="the corpus")
    parser.add_argument("roi_dir", type=Path, help="its mouth clips; not read if it has no video")
    parser.add_argument("dump_dir", type=Path, help="output")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one share of the dump, or finish it."""
    args = get_parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s: %(message)s")
    try:
        config = load_config(DumpConfig, args.config, args.override)
        shards = plan_dump(args.data_dir, args.roi_dir, args.dump_dir, config)
        if not args.finish:
            write_shards(shards, args.job, args.num_jobs)
            return
        dump = finish_dump(shards)
        write_provenance(args.dump_dir, config)
        print(f"{args.data_dir} -> {args.dump_dir}: {len(dump.utt_ids)} utterances")
    except AVError as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
