"""Tools for data dirs behind Kaldi's names: validate, fix, subset, combine, copy."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from espnet_av.command import user_errors
from espnet_av.data.combination import combine, located_tables, rename
from espnet_av.data.data_dir import DataDir, parse_data_dir, read_data_dir, validate, write_data_dir
from espnet_av.data.fields import unknown_tables
from espnet_av.data.repair import BACKUP, repair
from espnet_av.data.selection import SELECTIONS, select
from espnet_av.data.table import raise_problems
from espnet_av.errors import DataDirError
from espnet_av.text_file import read_text


def get_parser() -> argparse.ArgumentParser:
    """Options of `python -m espnet_av.bin.data_dir <verb>`."""
    parser = argparse.ArgumentParser(prog="data_dir", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("validate", help="utils/validate_data_dir.sh")
    for flag in ("--no-text", "--no-feats", "--no-wav", "--non-print", "--no-spk-sort"):
        verb.add_argument(flag, action="store_true", help="for Kaldi's command lines")
    verb.add_argument("data_dir", type=Path)
    verb = verbs.add_parser("fix", help="utils/fix_data_dir.sh")
    verb.add_argument("data_dir", type=Path)
    verb = verbs.add_parser("subset", help="utils/subset_data_dir.sh")
    group = verb.add_mutually_exclusive_group()
    for flag in ("--first", "--last", "--shortest", "--speakers"):
        group.add_argument(flag, action="store_true")
    group.add_argument("--per-spk", action="store_true", dest="per_speaker")
    group.add_argument("--utt-list", type=Path, metavar="FILE")
    group.add_argument("--spk-list", type=Path, metavar="FILE")
    verb.add_argument("arguments", nargs="+", metavar="<src> [<number>] <dest>")
    verb = verbs.add_parser("combine", help="utils/combine_data.sh")
    verb.add_argument("dest", type=Path)
    verb.add_argument("sources", type=Path, nargs="+")
    verb = verbs.add_parser("copy", help="utils/copy_data_dir.sh")
    for part, what in {"utt": "utterances", "spk": "speakers", "rec": "recordings"}.items():
        for place in ("prefix", "suffix"):
            verb.add_argument(f"--{part}-{place}", default="", help=f"for the ids of {what}")
    verb.add_argument("source", type=Path)
    verb.add_argument("dest", type=Path)
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one tool; problems go to standard error and end with status 1."""
    args = get_parser().parse_args(arguments)
    with user_errors("data_dir"):
        {
            "validate": _validate,
            "fix": _fix,
            "subset": _subset,
            "combine": _combine,
            "copy": _copy,
        }[args.verb](args)


def _validate(args: argparse.Namespace) -> None:
    data, problems = parse_data_dir(args.data_dir)
    problems += [] if problems else validate(data)
    if not args.no_text and "text" not in data.tables:
        problems.append(f"{args.data_dir}/text: missing; without transcripts give --no-text")
    raise_problems(problems)
    for problem in unknown_tables(args.data_dir):
        print(f"validate_data_dir.sh: {problem}; the dump stage refuses it", file=sys.stderr)
    print(f"validate_data_dir.sh: {args.data_dir} is valid: {len(data.utt_ids)} utterances")


def _fix(args: argparse.Namespace) -> None:
    data, drops, problems = repair(args.data_dir)
    for problem in problems:
        print(f"fix_data_dir.sh: {problem}", file=sys.stderr)
    for drop in drops:
        print(f"fix_data_dir.sh: dropped {drop.utt_id}: {drop.reason}", file=sys.stderr)
    total = len(data.utt_ids) + len(drops)
    print(f"fix_data_dir.sh: kept {len(data.utt_ids)} of {total} utterances")
    print(f"fix_data_dir.sh: old files are in {args.data_dir / BACKUP}")


def _read(path: str | Path) -> DataDir:
    """A source of a new data dir; warns of what the new one will be without."""
    data = read_data_dir(path)
    for problem in unknown_tables(Path(path)):
        print(f"data_dir: {problem}; left out", file=sys.stderr)
    return data


def _subset(args: argparse.Namespace) -> None:
    listed = args.utt_list or args.spk_list
    if len(args.arguments) != (2 if listed else 3):
        msg = "usage: subset_data_dir.sh [--first|--last|--shortest|--speakers|--per-spk] <src> "
        msg += "<number> <dest>, or --utt-list or --spk-list <file> <src> <dest>"
        raise DataDirError(msg)
    data = _read(args.arguments[0])
    if listed:
        if not listed.is_file():
            msg = f"{listed}: no such file; it lists one id a line"
            raise DataDirError(msg)
        wanted = {
            line.split()[0]
            for line in read_text(listed, DataDirError, "check the list").splitlines()
            if line.split()
        }
        column = data.tables["utt2spk"]
        chosen = [u for u in data.utt_ids if (u if args.utt_list else column[u]) in wanted]
    else:
        number = args.arguments[1]
        if not number.isdecimal() or int(number) == 0:
            msg = f"'{number}' is no number of utterances; give a whole number above 0"
            raise DataDirError(msg)
        mode = next((name for name in SELECTIONS if getattr(args, name, False)), "spread")
        chosen = select(data, mode, int(number))
    part = data.subset(chosen)
    write_data_dir(args.arguments[-1], located_tables(part), part.ctm)
    print(f"subset_data_dir.sh: {len(chosen)} of {len(data.utt_ids)} -> {args.arguments[-1]}")


def _combine(args: argparse.Namespace) -> None:
    tables, ctm = combine([_read(source) for source in args.sources])
    data = write_data_dir(args.dest, tables, ctm)
    print(f"combine_data.sh: {len(data.utt_ids)} utterances -> {args.dest}")


def _copy(args: argparse.Namespace) -> None:
    source = _read(args.source)
    if (args.rec_prefix or args.rec_suffix) and not any(map(source.is_keyed, source.tables)):
        msg = f"{args.source}: without segments its utterances are its recordings; give "
        raise DataDirError(msg + "--utt-prefix or --utt-suffix instead of --rec-...")
    tables, ctm = rename(
        source,
        lambda name: args.utt_prefix + name + args.utt_suffix,
        lambda name: args.spk_prefix + name + args.spk_suffix,
        lambda name: args.rec_prefix + name + args.rec_suffix,
    )
    data = write_data_dir(args.dest, tables, ctm)
    print(f"copy_data_dir.sh: {len(data.utt_ids)} utterances -> {args.dest}")


if __name__ == "__main__":
    main()
