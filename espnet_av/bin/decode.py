"""Predict test sets in every mode and noise: experiment + dumps -> a folder per condition."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from espnet_av.command import add_config, add_jobs, check_jobs, stage_parser, user_errors
from espnet_av.config import load_config
from espnet_av.predict.condition import CLEAN, MODES
from espnet_av.score.published.expected import read_expected
from espnet_av.score.scorers import check_fed
from espnet_av.search.decode_config import DecodeConfig


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("decode", __doc__)
    add_config(parser, "search")
    parser.add_argument("--exp_dir", type=Path, required=True, help="trained experiment")
    parser.add_argument("--checkpoint", help="file in it; none: the averaged model")
    parser.add_argument("--sets", type=Path, nargs="+", required=True, help="dumps of test sets")
    parser.add_argument("--modes", nargs="+", default=list(MODES), help="of A V AV")
    parser.add_argument(
        "--noises", nargs="+", default=[CLEAN], help="clean, or category:dB as in babble:0"
    )
    parser.add_argument("--noise_dir", type=Path, help="noises of the test split")
    parser.add_argument(
        "--missing_video",
        nargs="+",
        default=[],
        help="in modes with video also with less of it, as in whole:0.5 (every second utterance) "
        "frames:0.5 start:0.5 middle:0.5 end:0.5 (half the frames of each)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the choice of noises and frames")
    add_jobs(parser, "the conditions")
    parser.add_argument("--ngpu", type=int, default=0, choices=[0, 1], help="0: CPU")
    parser.add_argument("--num_workers", type=int, default=0, help="loading processes")
    parser.add_argument(
        "--kind", help="of prediction, as text or frames; none: what the model was made for"
    )
    parser.add_argument(
        "--layers", type=int, nargs="+", default=[], help="of --kind frames; none: the last"
    )
    parser.add_argument(
        "--expected",
        type=Path,
        help="expected_scores.yaml: refuse a model that its metric cannot judge, before the work",
    )
    parser.add_argument("--dry_run", action="store_true", help="list the conditions, do nothing")
    parser.add_argument("out_dir", type=Path, help="folder for the results")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Decode this job's share of the conditions."""
    options = get_parser().parse_args(arguments)
    # Torch and ESPnet: --help does without.
    from espnet_av.predict.run import DecodeJob, run

    with user_errors("decode"):
        check_jobs(options.job, options.num_jobs)
        job = DecodeJob(options, load_config(DecodeConfig, options.config, options.override))
        if options.expected is not None:
            metric = read_expected(options.expected).scoring.metric
            job.check = lambda kind: check_fed(metric, kind, str(options.exp_dir))
        run(job)


if __name__ == "__main__":
    main()
