"""Video or audio files, folders of them, patterns -> text, subtitles, tables.

    transcribe clip.mp4 --model model.zip
    transcribe films --model model.zip --format srt,json --output_dir transcripts
    transcribe clip.mp4 --model st.zip --target_lang en --format srt

Lips are used where there is a face, sound where there is sound, unless --mode says otherwise.
"""

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
from espnet_av.progress import ProgressBar
from espnet_av.roi.config import RoiConfig
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.speech2text.formats import FORMATS, read_formats
from espnet_av.speech2text.inputs import find_files, result_names
from espnet_av.speech2text.modes import MODES, usable_mode

if TYPE_CHECKING:
    from espnet_av.speech2text import Speech2Text, Transcript


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("transcribe", __doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--model", required=True, help="zip of 'espnet-av pack', or exp folder")
    parser.add_argument(
        "--mode", choices=MODES, default="auto", help="what there is; sound and lips, sound, lips"
    )
    parser.add_argument(
        "--format",
        default="text",
        help=f"one of {', '.join(FORMATS)}; with --output_dir several, as srt,json, or all",
    )
    parser.add_argument(
        "--target_lang", help="write in this language, with a model that translates"
    )
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--output", type=Path, help="file to write; default: standard output")
    place.add_argument(
        "--output_dir", type=Path, help="folder to write to, a file for each input and format"
    )
    parser.add_argument("--decode_config", type=Path, help="instead of the search in the zip")
    parser.add_argument("--roi_config", type=Path, help="instead of the mouth settings in the zip")
    parser.add_argument(
        "--max_window",
        type=float,
        help="cut longer files in pauses (seconds); none: the longest training utterance",
    )
    parser.add_argument("--ngpu", type=int, default=0, choices=[0, 1], help="0: CPU")
    parser.add_argument(
        "files", nargs="+", metavar="file", help="video or audio files, folders, patterns"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 all done, 1 at least one file failed (it is named on standard error)."""
    parser = get_parser()
    options = parser.parse_args(arguments)
    with user_errors("transcribe", logging.WARNING):
        formats, files = read_formats(options.format), find_files(options.files)
    _check(parser, options, formats, files)
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
        usable_mode(options.mode, speech2text.model)
    texts, num_failed = [], 0
    names = result_names(files)
    for path in files:
        try:
            transcript = _transcribe(speech2text, path, options.mode)
            if options.output_dir is not None:
                _write_forms(transcript, path, options.output_dir / names[path], formats)
                continue
            texts.append(_form(transcript, path, formats[0], is_only=len(files) == 1))
        except AVError as error:
            # Messages about media begin with the path.
            print(f"transcribe: {error}", file=sys.stderr)
            num_failed += 1
            continue
        if options.output is None:
            print(texts[-1], flush=True)
    if options.output is not None and texts:
        with user_errors("transcribe", logging.WARNING):
            _write(texts, options.output)
    return 1 if num_failed else 0


def _check(
    parser: argparse.ArgumentParser,
    options: argparse.Namespace,
    formats: Sequence[str],
    files: Sequence[str],
) -> None:
    """Refuse options that do not go together."""
    if options.output_dir is None and len(formats) > 1:
        parser.error(f"--format {options.format}: several go to a folder; add --output_dir")
    apart = [name for name in formats if not FORMATS[name].joins]
    if options.output_dir is None and apart and len(files) > 1:
        parser.error(
            f"--format {apart[0]} takes one file, as several have no common clock; there are "
            f"{len(files)}: add --output_dir"
        )
    if options.max_window is not None and not options.max_window > 0:
        parser.error(f"--max_window {options.max_window:g}: must be above 0 seconds")


def _transcribe(speech2text: Speech2Text, path: str, mode: str) -> Transcript:
    """One file, with a bar of its seconds and each passage as it is found on a terminal."""
    from espnet_av.speech2text import Transcript

    bars: list[ProgressBar] = []

    def begin(seconds: float) -> None:
        bars.append(ProgressBar(round(seconds), Path(path).name, unit="s"))

    passages = []
    try:
        for passage in speech2text.stream(video_path=path, mode=mode, planned=begin):  # type: ignore[arg-type]
            passages.append(passage)
            bars[0].show(f"[{passage.start:.1f} - {passage.end:.1f}] {''.join(passage.texts[:1])}")
            bars[0].update(min(round(passage.end), bars[0].total) - bars[0].done)
    finally:
        for bar in bars:
            bar.close()
    return Transcript(passages=passages)


def _write_forms(transcript: Transcript, path: str, place: Path, formats: Sequence[str]) -> None:
    """Write the forms that can be made, and then tell of the first that cannot."""
    failed: AVError | None = None
    for name in formats:
        target = place.with_name(place.name + FORMATS[name].suffix)
        try:
            content = FORMATS[name].write(transcript, path)
        except AVError as error:
            failed = failed or error
            continue
        with user_errors("transcribe", logging.WARNING):
            target.parent.mkdir(parents=True, exist_ok=True)
            _write([content], target)
        print(f"{path} -> {target}", flush=True)
    if failed is not None:
        raise failed


def _write(texts: Sequence[str], path: Path) -> None:
    try:
        with atomic_write(path) as stream:
            stream.writelines(f"{text}\n" for text in texts)
    except OSError:
        # The work of hours is shown at least.
        print("\n".join(texts), flush=True)
        raise


def _form(transcript: Transcript, path: str, name: str, *, is_only: bool) -> str:
    """The form; a line of text stands after the name of its file, if there are several."""
    text = FORMATS[name].write(transcript, path)
    return f"{path}\t{text}" if name == "text" and not is_only else text


if __name__ == "__main__":
    sys.exit(main())
