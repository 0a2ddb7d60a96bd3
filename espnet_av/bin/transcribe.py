"""Video or audio files -> text, with a packed model."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from espnet_av.atomic import atomic_write
from espnet_av.command import device_of, stage_parser, user_errors
from espnet_av.config import load_config
from espnet_av.errors import AVError
from espnet_av.roi.config import RoiConfig
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.speech2text.modes import MODALITIES, usable_mode

if TYPE_CHECKING:
    from espnet_av.speech2text import Transcript

SUBTITLES = ("srt", "vtt")


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("transcribe", __doc__)
    parser.add_argument("--model", required=True, help="zip of 'espnet-av pack', or exp folder")
    parser.add_argument(
        "--mode", choices=list(MODALITIES), default="av", help="sound and lips, sound, lips"
    )
    parser.add_argument(
        "--format",
        choices=["text", "json", *SUBTITLES],
        default="text",
        help="plain text, one JSON object a file with times and n-best, or subtitles (SRT, WebVTT)",
    )
    parser.add_argument(
        "--target_lang", help="write in this language, with a model that translates"
    )
    parser.add_argument("--output", type=Path, help="file to write; default: standard output")
    parser.add_argument("--decode_config", type=Path, help="instead of the search in the zip")
    parser.add_argument("--roi_config", type=Path, help="instead of the mouth settings in the zip")
    parser.add_argument(
        "--max_window",
        type=float,
        help="cut longer files in pauses (seconds); none: the longest training utterance",
    )
    parser.add_argument("--ngpu", type=int, default=0, choices=[0, 1], help="0: CPU")
    parser.add_argument("files", nargs="+", metavar="file", help="video or audio files")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 all done, 1 at least one file failed (it is named on standard error)."""
    parser = get_parser()
    options = parser.parse_args(arguments)
    if options.format in SUBTITLES and len(options.files) > 1:
        parser.error(
            f"--format {options.format} takes one file: subtitles of several have no common clock"
        )
    if options.max_window is not None and not options.max_window > 0:
        parser.error(f"--max_window {options.max_window:g}: must be above 0 seconds")
    # Torch and ESPnet: nothing above needs the seconds that they take.
    from espnet_av.speech2text import Speech2Text

    with user_errors("transcribe", logging.WARNING):
        speech2text = Speech2Text.from_pretrained(
            options.model,
            device_of(options.ngpu),
            options.decode_config and load_config(DecodeConfig, options.decode_config),
            options.roi_config and load_config(RoiConfig, options.roi_config),
            options.max_window,
            options.target_lang,
        )
        mode = usable_mode(options.mode, speech2text.model)
    texts, num_failed = [], 0
    for path in options.files:
        try:
            transcript = speech2text(video_path=path, mode=mode)
        except AVError as error:
            # Messages about media begin with the path.
            print(f"transcribe: {error}", file=sys.stderr)
            num_failed += 1
            continue
        texts.append(_format(transcript, path, options))
        if options.output is None:
            print(texts[-1], flush=True)
    if options.output is not None and texts:
        with user_errors("transcribe", logging.WARNING):
            _write(texts, options.output)
    return 1 if num_failed else 0


def _write(texts: Sequence[str], path: Path) -> None:
    try:
        with atomic_write(path) as stream:
            stream.writelines(f"{text}\n" for text in texts)
    except OSError:
        # The work of hours is shown at least.
        print("\n".join(texts), flush=True)
        raise


def _format(transcript: Transcript, path: str, options: argparse.Namespace) -> str:
    """One line a file as text (after its name, if there are several) or JSON; else a block."""
    if options.format == "json":
        return transcript.to_json(path)
    if options.format in SUBTITLES:
        return transcript.to_srt() if options.format == "srt" else transcript.to_vtt()
    text = transcript.text
    return f"{path}\t{text}" if len(options.files) > 1 else text


if __name__ == "__main__":
    sys.exit(main())
