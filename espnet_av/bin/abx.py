r"""ABX errors of anybody's features: a folder of .npy, .pt or archives and an item file -> scores.

    abx --features exp/hubert_l9 --items triphone-dev-clean.item --frame_hz 50 --output scores.json

An item file begins with `#file onset offset #phone prev-phone next-phone speaker`, one item a line,
times in seconds; `#file` is the name of a features file without its ending. Features are
(frames, numbers): `.npy`, `.pt` of torch.save (nothing in it is run), or a `.scp` into archives of
Kaldi or of the decode stage. Several `--features` are layers, measured in one go.

X sounds like A: the error is the share of triplets in which the other phone B is nearer to X, half
of it where both are as near; 50 % is chance. It is averaged over contexts, then talkers, then
pairs of phones. The page in score/abx/README.md tells how to read it, and with which options
published figures were made.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from espnet_av.atomic import atomic_write
from espnet_av.command import stage_parser, user_errors
from espnet_av.data.table import read_table
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.features.feature_files import find_features
from espnet_av.ops.frame_distance import DISTANCES
from espnet_av.provenance import git_hash, versions
from espnet_av.score.abx.items import AbxItem, read_items
from espnet_av.score.abx.measure import Layers, measure, prepare_task
from espnet_av.score.abx.options import CONTEXTS, POOLINGS, SLICES, SPEAKERS, AbxOptions
from espnet_av.score.abx.page import as_scores, as_text, cell_writer
from espnet_av.score.abx.spans import parse_rate
from espnet_av.score.bootstrap import Resampling

_MAX_THREADS = 64
_MAX_DIGITS = 18


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("abx", __doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--features", type=Path, nargs="+", required=True, metavar="DIR",
        help="folder of .npy or .pt files, or a .scp; several: layers",
    )  # fmt: skip
    parser.add_argument("--items", type=Path, required=True, metavar="FILE", help="item file")
    parser.add_argument("--frame_hz", required=True, metavar="HZ", help="frames a second, as 50")
    _add_measurement(parser)
    parser.add_argument(
        "--durations",
        type=Path,
        metavar="FILE",
        help="lines of <file> <seconds>, to check the rate",
    )
    parser.add_argument("--num_resamples", type=int, default=1000, help="of talkers, for intervals")
    parser.add_argument("--num_threads", type=int, default=1, help="the figures are the same")
    parser.add_argument("--cells", type=Path, metavar="FILE", help="write every cell as TSV, too")
    parser.add_argument("--output", type=Path, metavar="FILE", help="JSON to write")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="PNG: layers, confused phones")
    return parser


def _add_measurement(parser: argparse.ArgumentParser) -> None:
    """What the figures depend on, besides features and items."""
    default = AbxOptions()
    parser.add_argument("--speaker", choices=SPEAKERS, default="within", help="of X (within)")
    parser.add_argument("--context", choices=CONTEXTS, default=default.context, help="(within)")
    parser.add_argument("--distance", choices=DISTANCES, default=default.distance, help="(angular)")
    parser.add_argument(
        "--slice", choices=SLICES, default=default.slice,
        help="frames of an item: all whose centres lie in it, or without the last, as most figures "
        "published from 2021 to 2024 (correct)",
    )  # fmt: skip
    parser.add_argument("--pooling", choices=POOLINGS, default=default.pooling, help="(none: DTW)")
    parser.add_argument(
        "--max_size_group", default=str(default.max_size_group), metavar="N",
        help="items drawn of a phone, context and talker, or all (10)",
    )  # fmt: skip
    parser.add_argument(
        "--max_x_across", default=str(default.max_x_across), metavar="N",
        help="talkers drawn as X for an A, or all (5)",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="of the draws and the bootstrap (0)")
    parser.add_argument(
        "--max_dropped", type=float, default=default.max_dropped,
        help="share of items that may be without a frame (0.05)",
    )  # fmt: skip


def make_options(options: argparse.Namespace) -> AbxOptions:
    """The measurement that is asked for.

    Raises:
        ConfigError: a number is none, or too small.
    """
    if not 1 <= options.num_threads <= _MAX_THREADS:
        msg = f"--num_threads {options.num_threads}: from 1 to {_MAX_THREADS}"
        raise ConfigError(msg)
    return AbxOptions(
        speaker=(options.speaker,),
        context=options.context,
        distance=options.distance,
        slice=options.slice,
        pooling=options.pooling,
        max_size_group=_number_or_all("--max_size_group", options.max_size_group),
        max_x_across=_number_or_all("--max_x_across", options.max_x_across),
        seed=options.seed,
        max_dropped=options.max_dropped,
    )


def _number_or_all(option: str, text: str) -> int | None:
    if text == "all":
        return None
    if not text.isdecimal() or len(text) > _MAX_DIGITS:
        msg = f"{option} {text}: a whole number, or all"
        raise ConfigError(msg)
    return int(text)


def read_layers(sources: Sequence[Path], items: Sequence[AbxItem]) -> Layers:
    """Features by layer: by the names of their files or folders, with the folder if they are equal.

    Raises:
        DataDirError: two are the same, or a source has none of the files.
    """
    files = {item.file for item in items}
    names = [path.stem if path.suffix == ".scp" else path.name for path in sources]
    if len(set(names)) < len(names):
        names = [str(path) for path in sources]
    if len(set(names)) < len(names):
        msg = f"--features {' '.join(names)}: one of them is given twice"
        raise DataDirError(msg)
    layers = {name: find_features(path, files) for name, path in zip(names, sources, strict=True)}
    for name, arrays in layers.items():
        if not arrays:
            msg = (
                f"--features {name}: none of the {len(files)} files of the items is there; #file "
                f"is the name of a features file without its ending, as {items[0].file}.npy"
            )
            raise DataDirError(msg)
    return layers


def read_durations(path: Path | None) -> tuple[dict[str, float], str] | None:
    """Seconds of files.

    Raises:
        DataDirError: a line is faulty.
    """
    if path is None:
        return None
    found = {}
    for name, text in read_table(path).items():
        try:
            found[name] = float(text)
        except ValueError as error:
            msg = f"{path}: {name}: '{text}' is no duration in seconds"
            raise DataDirError(msg) from error
        if not 0 < found[name] < float("inf"):
            msg = f"{path}: {name}: {text} s; a duration is above 0"
            raise DataDirError(msg)
    return found, str(path)


def _check_outputs(options: argparse.Namespace) -> None:
    """Whether what is measured can be written, before it is.

    Raises:
        ConfigError: an output is an input, another output, a folder, or cannot be written.
    """
    taken = {path.resolve(): "the input" for path in (options.items, options.durations) if path}
    for option in ("output", "cells", "picture"):
        path: Path | None = getattr(options, option)
        if path is None:
            continue
        place = path.resolve()
        why = f"is {taken[place]} as well" if place in taken else _unwritable(place)
        if place.suffix in (".npy", ".pt", ".scp", ".ark"):
            why = f"would be taken for features ({place.suffix})"
        if why:
            msg = f"--{option} {path}: {why}; name another file"
            raise ConfigError(msg)
        taken[place] = f"--{option}"


def _unwritable(place: Path) -> str:
    if place.is_dir():
        return "is a folder"
    above = next(folder for folder in place.parents if folder.exists())
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        return f"{above} cannot be written"
    return ""


def run(options: argparse.Namespace, arguments: Sequence[str]) -> dict[str, Any]:
    """Measure, and write what is asked for."""
    _check_outputs(options)
    abx, resampling = make_options(options), Resampling(options.num_resamples, options.seed)
    rate, items = parse_rate(options.frame_hz), read_items(options.items)
    layers = read_layers(options.features, items)
    durations = read_durations(options.durations)
    task = prepare_task(items, layers, rate, options.speaker, abx, durations)
    with cell_writer(options.cells) as watch:
        found = measure(task, layers, num_threads=options.num_threads, watch=watch)
    scores = as_scores(task, found, items, resampling)
    scores |= {
        "items": str(options.items),
        "features": [str(path) for path in options.features],
        "command": shlex.join(["espnet-av", "abx", *arguments]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "git": git_hash(),
        "versions": versions(),
    }
    if options.output is not None:
        with atomic_write(options.output) as stream:
            json.dump(scores, stream, indent=1, ensure_ascii=False)
            stream.write("\n")
    if options.picture is not None:
        from espnet_av.score.abx.plot_abx import plot_abx  # matplotlib, for those who look

        by_talkers = {options.speaker: found}
        plot_abx(by_talkers, options.picture, title="ABX error", resampling=resampling)
    return scores


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = get_parser().parse_args(arguments)
    with user_errors("abx"):
        scores = run(options, arguments)
    print(as_text(scores))
    if options.output is not None:
        print(f"{options.items} -> {options.output}")


if __name__ == "__main__":
    main()
