"""Having captions spoken by any program, many at a time, each checked and kept."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import soundfile

from espnet_av.atomic import atomic_path
from espnet_av.errors import ConfigError
from espnet_av.progress import progress

_PLACES = ("text", "text_file", "voice", "lang", "wav")
_TIMEOUT_SEC = 300
_NUM_TRIED = 3
"""Where none of the first has a sound, and no other has, the command is wrong."""
_SHORTEST_SEC, _LONGEST_SEC = 0.2, 60.0
_QUIETEST = 1e-3
"""Peak of a sound that is not silence."""
_MAX_TOLD = 200


class CaptionLine(NamedTuple):
    """What is to be said, and by whom."""

    text: str
    voice: str
    """As the program calls it."""
    lang: str
    wav: Path


def check_command(template: str) -> list[str]:
    """The words of a command template.

    Raises:
        ConfigError: it has no place for the text, the voice or the sound, or one that is unknown.
    """
    try:
        words = shlex.split(template)
        filled = [word.format(**dict.fromkeys(_PLACES, "x")) for word in words]
    except (ValueError, KeyError, IndexError) as error:
        known = ", ".join(f"{{{name}}}" for name in _PLACES)
        msg = f"tts '{template}': cannot be filled ({error!r}); its places are {known}"
        raise ConfigError(msg) from error
    lacking = [
        names
        for names in (("text", "text_file"), ("voice",), ("wav",))
        if not any(f"{{{name}}}" in template for name in names)
    ]
    if not filled or lacking:
        told = " and ".join("{" + "} or {".join(names) + "}" for names in lacking) or "a program"
        msg = f"tts '{template}': no place for {told}; as in: espeak-ng -v {{voice}} -w {{wav}} "
        raise ConfigError(msg + "-f {text_file}")
    return words


def speak(lines: Sequence[CaptionLine], template: str, num_jobs: int) -> dict[Path, str]:
    """Have lines spoken; those whose sound is there already are left alone.

    The command is run without a shell. What it writes is checked, and becomes the sound only then:
    what is there is whole, so a run that was stopped goes on.

    Args:
        lines: what is to be said.
        template: words of a command with {text} or {text_file}, {voice}, {wav}, {lang} in it.
        num_jobs: programs at a time.

    Returns:
        Sound that could not be made -> why.

    Raises:
        ConfigError: the template lacks a place, its program is not there, or makes no sound.
    """
    words = check_command(template)
    is_new = not any(line.wav.is_file() for line in lines)
    first = [_say(line, words) for line in lines[:_NUM_TRIED]] if is_new else []
    if first and all(first):
        msg = f"tts '{template}': the first {len(first)} captions gave no sound: {first[0]}"
        raise ConfigError(msg)
    todo = [line for line in lines if not line.wav.is_file()]
    with ThreadPoolExecutor(num_jobs) as pool:
        results = pool.map(lambda line: _say(line, words), todo)
        bar = progress(results, desc="speech", total=len(todo), unit="caption")
        problems = list(bar)
    return {line.wav: told for line, told in zip(todo, problems, strict=True) if told}


def _say(line: CaptionLine, words: Sequence[str]) -> str:
    """Have one line spoken; "" or why there is no sound."""
    with TemporaryDirectory() as folder:
        text_file, made = Path(folder, "text.txt"), Path(folder, "speech.wav")
        text_file.write_text(line.text + "\n", encoding="utf-8")
        values = (line.text, text_file, line.voice, line.lang, made)
        places = dict(zip(_PLACES, values, strict=True))
        problem = _run([word.format(**places) for word in words], made)
        if not problem:
            with atomic_path(line.wav) as path:
                shutil.copyfile(made, path)
    return problem


def _run(command: Sequence[str], made: Path) -> str:
    """Run a command; "" or what is wrong with what it made."""
    try:
        ran = subprocess.run(
            command, capture_output=True, timeout=_TIMEOUT_SEC, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"{command[0]} took more than {_TIMEOUT_SEC} s"
    except (FileNotFoundError, PermissionError) as error:
        msg = f"tts: {command[0]}: {error.strerror}; install it, or give its path"
        raise ConfigError(msg) from error
    said = " ".join(ran.stderr.decode("utf-8", "replace").split())[-_MAX_TOLD:]
    if ran.returncode:
        return f"{command[0]} ended with status {ran.returncode}: {said or 'no message'}"
    problem = sound_problem(made)
    return f"{problem}; {command[0]} said: {said or 'nothing'}" if problem else ""


def sound_problem(path: Path) -> str:
    """What is wrong with a sound that a program made; "": nothing."""
    try:
        wave, fs = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, RuntimeError) as error:
        return f"no sound was written ({' '.join(str(error).split())[:_MAX_TOLD]})"
    seconds = len(wave) / fs
    if not _SHORTEST_SEC <= seconds <= _LONGEST_SEC:
        return f"{seconds:.2f} s, expected {_SHORTEST_SEC} to {_LONGEST_SEC:g} s"
    if not np.isfinite(wave).all() or np.abs(wave).max() < _QUIETEST:
        return "silence"
    return ""
