"""Segments read one after the other are those that are read alone, with less decoding."""

import numpy as np
import pytest
import soundfile
from films import noise, write_film

from espnet_av.errors import MediaError
from espnet_av.media import segment_reader
from espnet_av.media.audio import read_sound
from espnet_av.media.segment_reader import SegmentReader

SEGMENTS = [(0.0, 0.7), (0.5, 1.3), (2.1, 2.8), (2.8, 3.6), (1.0, 1.5), (5.5, 5.9)]


@pytest.fixture
def counted(monkeypatch):
    """Every span that is decoded."""
    spans = []

    def counting(path, fs, start=0.0, end=None):
        spans.append((start, end))
        return read_sound(path, fs, start, end)

    monkeypatch.setattr(segment_reader, "read_sound", counting)
    return spans


def with_hole(name):
    """Matroska keeps time stamps; one with a hole is no different."""
    return lambda time: None if name == "a.mkv" and 2.3 < time < 2.6 else time


@pytest.mark.parametrize(
    ("name", "codec", "fs"),
    [
        ("a.ogg", "libopus", 48000),
        ("a.ogg", "vorbis", 44100),
        ("a.mp3", "libmp3lame", 44100),
        ("a.mp3", "libmp3lame", 16000),
        ("a.ts", "aac", 44100),
        ("a.mkv", "pcm_s16le", 16000),
    ],
)
def test_segments_are_those_that_are_read_alone(tmp_path, name, codec, fs):
    path = tmp_path / name
    if codec == "vorbis":
        soundfile.write(path, noise(6, fs), fs)
    else:
        write_film(path, seconds=6, codecs=(None, codec), fs=fs, sound_stamp=with_hole(name))
    reader = SegmentReader(16000, kept_sec=4.0)
    for start, end in [*SEGMENTS, (0.0, None), (0.2, 5.0)]:
        found, alone = reader.read(path, start, end), read_sound(path, 16000, start, end)
        assert np.array_equal(found.wave, alone.wave)
        assert found.gaps == alone.gaps
    assert len(reader.read(path, 5.6, 7.0).wave) == len(read_sound(path, 16000, 5.6, 7.0).wave)
    with pytest.raises(MediaError, match="no sound between 8 s"):
        reader.read(path, 8, 9)


def test_what_has_no_index_is_decoded_once(tmp_path, counted):
    write_film(tmp_path / "a.ogg", seconds=6, codecs=(None, "libopus"), fs=48000)
    reader = SegmentReader(16000)
    for start, end in sorted(SEGMENTS):
        reader.read(tmp_path / "a.ogg", start, end)
    assert counted == [(0.0, 0.7), (0.5, 1200.5)]


def test_what_has_an_index_is_entered_in_the_middle(tmp_path, counted):
    write_film(tmp_path / "a.mkv", seconds=6, codecs=(None, "pcm_s16le"))
    reader = SegmentReader(16000)
    for segment in SEGMENTS:
        reader.read(tmp_path / "a.mkv", *segment)
    assert counted == SEGMENTS


def test_other_recordings_in_between(tmp_path, counted):
    for name in ("a.ogg", "b.ogg"):
        write_film(tmp_path / name, seconds=2, codecs=(None, "libopus"), fs=48000)
    reader = SegmentReader(16000)
    for name in ("a.ogg", "b.ogg", "a.ogg"):
        reader.read(tmp_path / name, 0.5, 1.0)
    assert counted == [(0.5, 1.0)] * 3


def test_damage_behind_a_segment_is_no_reason_to_give_it_up(tmp_path):
    path = tmp_path / "a.mp3"
    write_film(path, seconds=6, codecs=(None, "libmp3lame"), fs=16000)
    path.write_bytes(path.read_bytes()[:-8000])
    with pytest.raises(MediaError, match="ends early"):
        read_sound(path, 16000, 0.5, 6.0)
    reader = SegmentReader(16000)
    for start, end in ((0.0, 0.5), (0.5, 1.0), (1.0, 1.5)):
        alone = read_sound(path, 16000, start, end)
        assert np.array_equal(reader.read(path, start, end).wave, alone.wave)
