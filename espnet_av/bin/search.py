"""The utterances of an index that are nearest to words, or to a sound, by meaning.

    search "where is the station" --index exp/samu/index
    search question.wav --index exp/samu/index --json

A question is a sentence in any language that the text encoder knows, or a sound or video file;
several files are several questions. An index is made by `espnet-av index`.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from espnet_av.command import device_of, stage_parser, user_errors
from espnet_av.config import load_config
from espnet_av.errors import ConfigError
from espnet_av.roi.config import RoiConfig
from espnet_av.speech2text.inputs import SUFFIXES

if TYPE_CHECKING:
    from espnet_av.index.meaning_index import Hit, MeaningIndex
    from espnet_av.index.query import Questions

_COLUMNS = ("rank", "score", "utterance", "set", "lang", "seconds", "text")


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("search", __doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("question", nargs="+", help="words, or sound or video files")
    parser.add_argument("--index", type=Path, required=True, help="folder of 'espnet-av index'")
    parser.add_argument("--num", type=int, default=5, help="utterances to show")
    parser.add_argument("--json", action="store_true", help="one JSON object a question")
    parser.add_argument(
        "--sounds", type=Path, help="folder for what was found, as <rank>.<utterance>.wav"
    )
    parser.add_argument(
        "--teacher", type=Path, help="folder of the text encoder; none: where the index says"
    )
    parser.add_argument(
        "--model", type=Path, help="exp folder or packed zip; none: where the index says"
    )
    parser.add_argument("--roi_config", type=Path, help="mouth settings, for models with lips")
    parser.add_argument("--ngpu", type=int, default=0, choices=[0, 1], help="0: CPU")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Show what is nearest."""
    args = get_parser().parse_args(arguments)
    with user_errors("search", logging.WARNING):
        files = _files(args.question)
        if args.num < 1:
            msg = f"--num {args.num}: at least 1"
            raise ConfigError(msg)
        # Not above: torch, which --help does without.
        from espnet_av.index.meaning_index import MeaningIndex
        from espnet_av.index.query import Questions

        index = MeaningIndex(args.index)
        roi = load_config(RoiConfig, args.roi_config) if args.roi_config else None
        questions = Questions(index, args.teacher, args.model, device_of(args.ngpu), roi)
        for number, (asked, hits) in enumerate(_found(index, questions, files, args), 1):
            print(_as_json(asked, hits) if args.json else _as_table(asked, hits), flush=True)
            if args.sounds is not None:
                _write_sounds(hits, args.sounds / (f"{number:02d}" if len(files) > 1 else ""))


def _files(asked: Sequence[str]) -> list[str]:
    """The files among questions; none: they are words.

    Raises:
        ConfigError: they are both, or what seems to be a file is none.
    """
    files = [word for word in asked if Path(word).is_file()]
    lost = [word for word in asked if word.lower().endswith(SUFFIXES) and word not in files]
    if lost:
        msg = f"{lost[0]}: no such file; check the path, or ask with words"
        raise ConfigError(msg)
    if files and len(files) < len(asked):
        word = next(word for word in asked if word not in files)
        msg = f"'{word}' is no file, but {files[0]} is one; ask with words, or with files"
        raise ConfigError(msg)
    return files


def _found(
    index: MeaningIndex, questions: Questions, files: Sequence[str], args: argparse.Namespace
) -> list[tuple[str, list[Hit]]]:
    """Each question, and what is nearest to it."""
    import numpy as np

    asked = list(files) or [" ".join(args.question)]
    vectors = (
        np.stack([questions.of_file(f) for f in files]) if files else questions.of_words(asked)
    )
    return list(zip(asked, index.nearest(vectors, args.num), strict=True))


def _as_json(asked: str, hits: Sequence[Hit]) -> str:
    found: list[dict[str, Any]] = [
        {"rank": rank, "score": round(hit.score, 6), **asdict(hit.row)}
        for rank, hit in enumerate(hits, 1)
    ]
    return json.dumps({"question": asked, "found": found}, ensure_ascii=False)


def _as_table(asked: str, hits: Sequence[Hit]) -> str:
    """Columns as wide as what is in them, the texts last."""
    rows = [
        (str(rank), f"{hit.score:.3f}", hit.row.utt_id, hit.row.set_name, hit.row.lang or "-",
         f"{hit.row.seconds:.2f}", hit.row.text or "-")
        for rank, hit in enumerate(hits, 1)
    ]  # fmt: skip
    widths = [max(map(len, column)) for column in zip(_COLUMNS, *rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (_COLUMNS, *rows)
    )
    return "\n".join([f"# {asked}", *lines])


def _write_sounds(hits: Sequence[Hit], folder: Path) -> None:
    import soundfile

    from espnet_av.data.ark import read_audio_ark

    folder.mkdir(parents=True, exist_ok=True)
    for rank, hit in enumerate(hits, 1):
        wave, rate = read_audio_ark(hit.row.where)
        soundfile.write(folder / f"{rank:02d}.{hit.row.utt_id}.wav", wave, rate)


if __name__ == "__main__":
    main()
