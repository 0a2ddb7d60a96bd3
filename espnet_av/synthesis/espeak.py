"""Text to speech with exact phoneme times: a ctypes binding of libespeak-ng."""

from __future__ import annotations

import _ctypes
import ctypes
import difflib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from espnet_av.errors import MediaError

# Values of the library's own header, espeak-ng/speak_lib.h.
_OUTPUT_SYNCHRONOUS = 2
_INIT_PHONEME_EVENTS, _INIT_PHONEME_IPA, _INIT_DONT_EXIT = 0x0001, 0x0002, 0x8000
_CHARS_UTF8, _SSML = 0x01, 0x10
_EVENT_END_OF_LIST, _EVENT_PHONEME = 0, 7
_RATE, _PITCH, _RANGE, _WORD_GAP = 1, 3, 4, 7
_NUM_NAMED = 3


class _EventId(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True, kw_only=True)
class Voice:
    """Who speaks and how."""

    language: str
    """Voice name of the library, such as `en-us`, `de`, `pt-br`."""
    variant: str
    """Timbre, such as `m1` or `f2`."""
    rate: int = 160
    """Words per minute, 80 to 450."""
    pitch: int = 50
    """Base pitch, 0 to 100; 50 is normal."""
    pitch_range: int = 50
    """Liveliness of the pitch, 0 (monotone) to 100."""
    word_gap: int = 0
    """Extra pause between words, in units of 10 ms."""


@dataclass(frozen=True)
class Speech:
    """What was said: the wave and when each phoneme begins."""

    samples: np.ndarray
    """(S,) int16, mono."""
    sample_rate: int
    """Hertz."""
    phonemes: tuple[tuple[int, str], ...]
    """(first sample, IPA name) in time order; an empty name is a pause or the end."""


def synthesise(text: str, voice: Voice, *, seed: int = 1, ssml: bool = False) -> Speech:
    """Speak `text` with a library in its initial state, so that equal calls give equal samples.

    The engine keeps state from one utterance to the next (oscillator phases, random numbers seeded
    from the clock) and initialising it again does not clear that state; therefore each call loads
    the library afresh (2 ms) and seeds its random numbers.

    Args:
        text: what to say, UTF-8; with `ssml` it may hold tags such as `<say-as>`.
        voice: who says it.
        seed: of the engine's random numbers.
        ssml: read `text` as SSML.

    Raises:
        MediaError: the library is not installed, or it does not know the language or the variant.
    """
    with _fresh_library() as (library, data_path):
        return _speak(library, data_path, text, voice, seed, ssml)


def library_version() -> str:
    """Version of the speech library, such as `1.52.0`; audio differs between versions."""
    with _fresh_library() as (library, _):
        library.espeak_Info.restype = ctypes.c_char_p
        version: bytes = library.espeak_Info(None)
        return version.split(b" ")[0].decode("ascii")


@contextmanager
def _fresh_library() -> Iterator[tuple[ctypes.CDLL, str]]:
    library_path, data_path = _find_library()
    try:
        held = ctypes.CDLL(library_path, mode=os.RTLD_NOLOAD)
    except OSError:
        library = ctypes.CDLL(library_path)
    else:
        _ctypes.dlclose(held._handle)
        msg = (
            f"{library_path} is already in use by this process, so its state is unknown; "
            "synthesise in a process of its own"
        )
        raise MediaError(msg)
    try:
        yield library, data_path
    finally:
        library.espeak_Terminate()
        _ctypes.dlclose(library._handle)


def _find_library() -> tuple[str, str]:
    try:
        import espeakng_loader
    except ImportError as error:
        msg = "speech synthesis needs libespeak-ng: pip install espeakng-loader"
        raise MediaError(msg) from error
    library_path, data_path = espeakng_loader.get_library_path(), espeakng_loader.get_data_path()
    if not Path(data_path).is_dir():
        msg = f"{data_path}: no voice data; pip install --force-reinstall espeakng-loader"
        raise MediaError(msg)
    return str(library_path), str(data_path)


def _speak(
    library: ctypes.CDLL, data_path: str, text: str, voice: Voice, seed: int, ssml: bool
) -> Speech:
    _check_voice(voice, Path(data_path, "voices", "!v"))
    options = _INIT_PHONEME_EVENTS | _INIT_PHONEME_IPA | _INIT_DONT_EXIT
    sample_rate = library.espeak_Initialize(
        _OUTPUT_SYNCHRONOUS, 0, data_path.encode("utf-8"), options
    )
    if sample_rate <= 0:
        msg = f"libespeak-ng cannot read its voices in {data_path}; reinstall espeakng-loader"
        raise MediaError(msg)
    blocks: list[bytes] = []
    phonemes: list[tuple[int, str]] = []

    def receive(wave: Any, num_samples: int, events: Any) -> int:
        if wave and num_samples > 0:
            blocks.append(ctypes.string_at(wave, 2 * num_samples))
        phonemes.extend(_phonemes_of(events))
        return 0

    callback = _Callback(receive)
    library.espeak_SetSynthCallback(callback)
    library.espeak_ng_SetRandSeed(ctypes.c_long(seed))
    _set_voice(library, voice)
    data = text.encode("utf-8") + b"\0"
    flags = _CHARS_UTF8 | (_SSML if ssml else 0)
    status = library.espeak_Synth(data, len(data), 0, 1, 0, flags, None, None)
    assert status == 0, f"espeak_Synth returned {status}"
    samples = np.frombuffer(b"".join(blocks), dtype=np.int16)
    return Speech(samples, int(sample_rate), tuple(phonemes))


def _check_voice(voice: Voice, variants: Path) -> None:
    """The library speaks with a plain voice, and says nothing, where a variant has no file."""
    if "+" in voice.language:
        msg = f"language '{voice.language}' names a variant; give it as variant, without the '+'"
        raise MediaError(msg)
    known = sorted(path.name for path in variants.iterdir())
    if voice.variant not in known:
        asked = difflib.SequenceMatcher(b=voice.variant.lower())
        near = sorted(known, key=lambda name: -_likeness(asked, name))[:_NUM_NAMED]
        msg = (
            f"voice variant '{voice.variant}' is none of the {len(known)} of libespeak-ng; "
            f"nearest: {', '.join(near)} (all of them: {variants})"
        )
        raise MediaError(msg)


def _likeness(asked: difflib.SequenceMatcher[str], name: str) -> float:
    asked.set_seq1(name.lower())
    return asked.ratio()


def _set_voice(library: ctypes.CDLL, voice: Voice) -> None:
    name = f"{voice.language}+{voice.variant}"
    if library.espeak_SetVoiceByName(name.encode("utf-8")) != 0:
        msg = f"voice '{name}' is unknown to libespeak-ng; use a language such as 'en-us' or 'de'"
        raise MediaError(msg)
    settings = {
        _RATE: voice.rate,
        _PITCH: voice.pitch,
        _RANGE: voice.pitch_range,
        _WORD_GAP: voice.word_gap,
    }
    for parameter, value in settings.items():
        library.espeak_SetParameter(parameter, value, 0)


def _phonemes_of(events: Any) -> list[tuple[int, str]]:
    found = []
    index = 0
    while events[index].type != _EVENT_END_OF_LIST:
        event = events[index]
        if event.type == _EVENT_PHONEME:
            # The name fills the 8 bytes of the id field and may lack a closing zero.
            raw = bytes(ctypes.string_at(ctypes.addressof(event.id), 8)).split(b"\0")[0]
            found.append((int(event.sample), raw.decode("utf-8", errors="ignore")))
        index += 1
    return found
