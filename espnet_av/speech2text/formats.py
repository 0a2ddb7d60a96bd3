"""The forms of a transcript in files: what people read, players show, and other tools take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from espnet_av.errors import ConfigError

if TYPE_CHECKING:
    from espnet_av.speech2text.transcript import Transcript


@dataclass(frozen=True)
class FileFormat:
    """A form of a transcript."""

    suffix: str
    write: Callable[[Transcript, str], str]
    """Transcript and path of the file -> content, without the last line end."""
    joins: bool = False
    """Whether those of several files can follow one another."""


def _tsv(transcript: Transcript, path: str) -> str:
    """Milliseconds and text of each subtitle, as Whisper writes them."""
    lines = (f"{round(1e3 * c.start)}\t{round(1e3 * c.end)}\t{c.text}" for c in transcript.cues)
    return "\n".join(["start\tend\ttext", *lines])


def _ctm(transcript: Transcript, path: str) -> str:
    """`<file> 1 <start> <seconds> <word> <probability>`.

    Raises:
        ConfigError: the model tells no times of words.
    """
    words = transcript.words
    if words is None:
        msg = f"{path}: ctm has times of words, which this model does not tell; take srt, or tsv"
        raise ConfigError(msg)
    name = "_".join(Path(path).stem.split()) or "file"
    return "\n".join(
        f"{name} 1 {w.start:.3f} {max(w.end - w.start, 0.0):.3f} {w.word} {w.probability:.4f}"
        for w in words
    )


def _textgrid(transcript: Transcript, path: str) -> str:
    """Praat's long text form: a tier of passages, and one of words where their times are known."""
    end = max((p.end for p in transcript.passages), default=0.0)
    spans = [(p.start, p.end, p.texts[0] if p.texts else "") for p in transcript.passages]
    tiers = {"passages": _filled(spans, end)}
    if transcript.words is not None:
        tiers["words"] = _filled([(w.start, w.end, w.word) for w in transcript.words], end)
    lines = [
        'File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {end:g}",
        "tiers? <exists>", f"size = {len(tiers)}", "item []:",
    ]  # fmt: skip
    for number, (name, intervals) in enumerate(tiers.items(), 1):
        lines += [
            f"    item [{number}]:", '        class = "IntervalTier"', f'        name = "{name}"',
            "        xmin = 0", f"        xmax = {end:g}",
            f"        intervals: size = {len(intervals)}",
        ]  # fmt: skip
        for place, (first, last, text) in enumerate(intervals, 1):
            quoted = text.replace('"', '""')
            lines += [
                f"        intervals [{place}]:", f"            xmin = {first:g}",
                f"            xmax = {last:g}", f'            text = "{quoted}"',
            ]  # fmt: skip
    return "\n".join(lines)


def _filled(spans: list[tuple[float, float, str]], end: float) -> list[tuple[float, float, str]]:
    """Intervals without gaps and overlaps, from 0 to the end, as Praat wants them."""
    found: list[tuple[float, float, str]] = []
    last = 0.0
    for start, stop, text in spans:
        start, stop = max(start, last), min(max(stop, last), end)
        if start > last:
            found.append((last, start, ""))
            last = start
        if stop > start:
            found.append((start, stop, text))
            last = stop
        elif text and found:
            # Of no length: with what stands before it, rather than lost.
            found[-1] = (*found[-1][:2], f"{found[-1][2]} {text}".strip())
    if last < end:
        found.append((last, end, ""))
    return found


def _text(transcript: Transcript, path: str) -> str:
    return transcript.text


FORMATS: dict[str, FileFormat] = {
    "text": FileFormat(".txt", _text, joins=True),
    "json": FileFormat(".json", lambda found, path: found.to_json(path), joins=True),
    "srt": FileFormat(".srt", lambda found, path: found.to_srt()),
    "vtt": FileFormat(".vtt", lambda found, path: found.to_vtt()),
    "tsv": FileFormat(".tsv", _tsv),
    "textgrid": FileFormat(".TextGrid", _textgrid),
    "ctm": FileFormat(".ctm", _ctm, joins=True),
}
"""By name; `joins` says which may go to one place with those of other files."""
_OTHER_NAMES = {"txt": "text"}


def read_formats(words: str) -> list[str]:
    """Names of formats, separated by commas; `all` of them.

    Raises:
        ConfigError: there is no such format.
    """
    if words == "all":
        return list(FORMATS)
    names = [
        _OTHER_NAMES.get(word.strip().lower(), word.strip().lower()) for word in words.split(",")
    ]
    for name in names:
        if name not in FORMATS:
            msg = f"--format {words}: '{name}' is none of {', '.join(FORMATS)}, or all"
            raise ConfigError(msg)
    return list(dict.fromkeys(names))
