"""Stage 3, vectors: the sentences of data dirs through a text encoder, once, to archives.

Any number of jobs, `--job J --num_jobs N`, make the vectors; then `--finish`, with the same
arguments, writes teacher.scp and utt2teacher into each data dir, for the dump to take along:

    vectors --config conf/vectors.yaml --teacher downloads/labse --data_dirs data/train data/valid \
        dump/vectors

`--data_dirs` takes all names up to the next option.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from espnet_av.command import add_config, add_jobs, check_jobs, device_of, stage_parser, user_errors
from espnet_av.config import load_config
from espnet_av.data.shard_jobs import write_shards
from espnet_av.provenance import write_provenance
from espnet_av.vectors.config import VectorsConfig


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("vectors", __doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("vectors_dir", type=Path, help="output: teacher.scp, vectors.yaml")
    add_config(parser, "pooling, batches")
    parser.add_argument(
        "--teacher", type=Path, required=True, help="folder of a text encoder of Hugging Face"
    )
    parser.add_argument("--data_dirs", type=Path, nargs="+", required=True, help="sets with text")
    add_jobs(parser, "the shards")
    parser.add_argument("--ngpu", type=int, default=0, choices=[0, 1], help="0: CPU")
    parser.add_argument("--finish", action="store_true", help="merge what all jobs have done")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one share of the vectors stage, or finish it."""
    args = get_parser().parse_args(arguments)
    with user_errors("vectors"):
        # Not above: torch, which --help does without.
        from espnet_av.vectors.encoder import TextEncoder
        from espnet_av.vectors.stage import finish_vectors, plan_vectors

        check_jobs(args.job, args.num_jobs)
        config = load_config(VectorsConfig, args.config, args.override)
        encoder = TextEncoder(args.teacher, config, device_of(args.ngpu))
        plan = plan_vectors(args.data_dirs, args.vectors_dir, encoder, config)
        if not args.finish:
            write_shards(plan.shards, args.job, args.num_jobs)
            return
        made = finish_vectors(plan)
        write_provenance(args.vectors_dir, config)
        users = sum(len(names) for names in plan.users.values())
        print(f"{args.vectors_dir}: {len(made)} vectors of {users} utterances")


if __name__ == "__main__":
    main()
