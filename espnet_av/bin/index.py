"""Index of dumps by meaning, for `espnet-av search`: the vectors of a SAMU model.

    index --model exp/samu --data_dirs dump/test --teacher downloads/labse exp/samu/index

`--teacher` is the folder of the text encoder that the model learned from, as `espnet-av vectors`
got it: with it questions may be words. `--data_dirs` takes all names up to the next option.
Of large sets, any number of jobs, `--job J --num_jobs N`, make the vectors; then `--finish`, with
the same arguments, joins them. What is there already is not made again.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from espnet_av.command import add_jobs, check_jobs, device_of, stage_parser, user_errors
from espnet_av.data.dataset_config import Modalities
from espnet_av.data.shard_jobs import write_shards
from espnet_av.index.config import IndexConfig
from espnet_av.provenance import write_provenance


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("index", __doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("index_dir", type=Path, help="output: index.yaml, vectors, rows.tsv")
    parser.add_argument("--model", type=Path, required=True, help="SAMU: exp folder, or packed zip")
    parser.add_argument("--checkpoint", help="file in the folder; none: the averaged model")
    parser.add_argument("--data_dirs", type=Path, nargs="+", required=True, help="dumps")
    parser.add_argument("--teacher", type=Path, help="folder of the model's text encoder")
    parser.add_argument(
        "--modality", choices=get_args(Modalities), help="none: what the model takes"
    )
    parser.add_argument(
        "--batch_frames", type=int, default=IndexConfig.batch_frames, help="in a batch, at 25 Hz"
    )
    parser.add_argument(
        "--max_dropped_ratio",
        type=float,
        default=IndexConfig.max_dropped_ratio,
        help="share of utterances without a vector that is still accepted",
    )
    add_jobs(parser, "the shards")
    parser.add_argument("--ngpu", type=int, default=0, choices=[0, 1], help="0: CPU")
    parser.add_argument("--num_workers", type=int, default=0, help="loading processes")
    parser.add_argument("--finish", action="store_true", help="merge what all jobs have done")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one share of the work, finish it, or, where there is one job, do both."""
    args = get_parser().parse_args(arguments)
    with user_errors("index"):
        # Not above: torch, which --help does without.
        from espnet_av.index.source import SetVectors, load_speech_model
        from espnet_av.index.stage import finish_index, note_teacher, plan_index

        check_jobs(args.job, args.num_jobs)
        source = load_speech_model(args.model, args.checkpoint, device_of(args.ngpu))
        teacher = note_teacher(source, args.teacher, args.index_dir)
        config = IndexConfig(
            modality=args.modality or source.modality,
            batch_frames=args.batch_frames,
            max_dropped_ratio=args.max_dropped_ratio,
        )
        sets = [SetVectors(path, source, config, args.num_workers) for path in args.data_dirs]
        shards = plan_index(sets, args.index_dir, config)
        if not args.finish:
            write_shards(shards, args.job, args.num_jobs)
        if args.finish or args.num_jobs == 1:
            report = finish_index(shards, source, teacher)
            write_provenance(args.index_dir, config)
            print(f"{args.index_dir}: {report.num_utts} utterances, {report.width} numbers each")


if __name__ == "__main__":
    main()
