"""Score decoded conditions: decoding folder -> scores.json, RESULTS.md and pictures."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from espnet_av.command import stage_parser, user_errors
from espnet_av.score.bootstrap import Resampling
from espnet_av.score.matrix import matrix, sets_of
from espnet_av.score.missing_video import curves, missing_table
from espnet_av.score.published.expected import Expected, read_expected
from espnet_av.score.report import RESULTS, write_report
from espnet_av.score.scorers import metric_of
from espnet_av.score.text_table import format_plain


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("score", __doc__)
    parser.add_argument(
        "--expected",
        type=Path,
        help="expected_scores.yaml: metric and normaliser, targets, published tables; none: WER",
    )
    parser.add_argument(
        "--system", help="which of its `systems` this experiment is, to stand beside that row"
    )
    parser.add_argument("--num_resamples", type=int, default=1000, help="of the bootstrap")
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap")
    parser.add_argument(
        "--strict", action="store_true", help="exit code 1 when a target is missed or not run"
    )
    parser.add_argument("decode_dir", type=Path, help="output of the decode stage")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 done; 1 with --strict if a target was missed or not run."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = get_parser().parse_args(arguments)
    with user_errors("score"):
        scores = write_report(
            options.decode_dir,
            read_expected(options.expected) if options.expected else Expected(),
            command=shlex.join(["python", "-m", "espnet_av.bin.score", *arguments]),
            system=options.system,
            resampling=Resampling(options.num_resamples, options.seed),
        )
    metric = metric_of(scores["scoring"]["metric"])
    for set_name in sets_of(scores["conditions"]):
        print(format_plain(matrix(scores["conditions"], set_name, metric)))
        print()
        lost = curves(scores["conditions"], scores["missing_video"], set_name)
        if lost:
            print(format_plain(missing_table(lost, set_name, metric)))
            print()
    judged = [row for row in scores["targets"] if row["op"] != "~"]
    missed = [row for row in judged if not row["met"]]
    for row in judged:
        got = "not run here" if row["got"] is None else metric_of(row["metric"]).show(row["got"])
        verdict = {True: "met", False: "MISSED", None: ""}[row["met"]]
        print(
            f"{row['set']} {row['mode']} {row['noise']} {row['metric']}: {got} "
            f"(target {row['op']} {row['target']:g}) {verdict}".rstrip()
        )
    print(f"{options.decode_dir} -> {options.decode_dir / RESULTS}")
    return 1 if options.strict and missed else 0


if __name__ == "__main__":
    sys.exit(main())
