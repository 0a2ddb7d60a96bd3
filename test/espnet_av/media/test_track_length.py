"""Lengths are right in every container: as stated where that is exact, else by the packets."""

import av
import numpy as np
import pytest
import soundfile
from media_samples import tone
from track_samples import picture, sound, write

from espnet_av.corpora.probe import probe
from espnet_av.media.audio import read_audio
from espnet_av.media.container import packets
from espnet_av.media.track_length import track_seconds, track_span
from espnet_av.media.video import read_video
from espnet_av.speech2text.windows import video_frames

FILMS = {
    "a.mpg": ("mpeg1video", "mp2", {"g": "12", "bf": "2", "qscale": "2"}),
    "a.vob": ("mpeg2video", "ac3", {"g": "12", "bf": "2", "qscale": "2"}),
    "a.ts": ("mpeg2video", "mp2", {"g": "12", "bf": "2"}),
    "a.mp4": ("mpeg4", "aac", {}),
    "a.mkv": ("mpeg4", "aac", {}),
    "a.avi": ("mpeg4", "libmp3lame", {}),
    "a.flv": ("flv1", "aac", {}),
}


@pytest.mark.parametrize("name", FILMS)
def test_a_film_is_as_long_as_its_pictures(tmp_path, name):
    video, audio, options = FILMS[name]
    film = picture(125, codec=video, options=options)
    path = write(tmp_path / name, film, sound(codec=audio, seconds=5.0))
    assert video_frames(path) == pytest.approx(125, abs=2)
    assert video_frames(path) == pytest.approx(len(read_video(path, gray=True)), abs=1)
    assert track_seconds(path, "video") == pytest.approx(5.0, abs=0.09)
    assert track_seconds(path, "audio") == pytest.approx(5.0, abs=0.1)
    media = probe(path)
    assert (media.video_sec, media.audio_sec) == (
        track_seconds(path, "video"),
        track_seconds(path, "audio"),
    )


@pytest.mark.parametrize("name", ["a.webm", "live.mkv"])
def test_a_film_that_states_no_length_is_measured(tmp_path, name):
    codecs = ("libvpx", "libopus") if name == "a.webm" else ("mpeg4", "aac")
    tracks = picture(50, codec=codecs[0]), sound(codec=codecs[1], seconds=2.0)
    path = write(tmp_path / name, *tracks, options={"live": "1"})
    with av.open(str(path)) as box:
        assert not box.duration, "as browsers write it"
    assert track_seconds(path, "video") == pytest.approx(2.0, abs=0.05)
    media = probe(path)
    assert media.seconds == pytest.approx(2.0, abs=0.05) and media.error == ""


def test_an_avi_without_its_index_is_measured(tmp_path):
    """From a pipe, or of a recorder that died: its head holds any number."""
    path = write(tmp_path / "a.avi", picture(50), sound(codec="libmp3lame", seconds=2.0))
    content = bytearray(path.read_bytes())
    del content[content.index(b"idx1") :]
    for head in (b"avih", b"strh"):
        place = content.index(head) + 8 + (16 if head == b"avih" else 32)
        content[place : place + 4] = (1 << 30).to_bytes(4, "little")
    content[4:8] = b"\xff" * 4
    path.write_bytes(content)
    assert probe(path).error == ""
    assert track_seconds(path, "video") == pytest.approx(2.0, abs=0.09)
    assert track_seconds(path, "audio") == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("name", ["a.aac", "a.ac3", "a.mp2", "bare.mp3"])
def test_raw_sound_is_measured(tmp_path, name):
    """Silence after speech: FFmpeg takes the bit rate of the beginning for that of the whole."""
    codec = {"a.aac": "aac", "a.ac3": "ac3", "a.mp2": "mp2", "bare.mp3": "libmp3lame"}[name]
    options = {"write_xing": "0"} if name == "bare.mp3" else {}
    path = write(tmp_path / name, sound(codec=codec, seconds=3.0), options=options)
    assert track_seconds(path, "audio") == pytest.approx(3.0, abs=0.1)
    assert track_seconds(path, "audio") == pytest.approx(len(read_audio(path)) / 16000, abs=0.1)


def test_raw_pictures_without_time_stamps(tmp_path):
    path = write(tmp_path / "a.m2v", picture(40, codec="mpeg2video", options={"bf": "2"}))
    assert video_frames(path) == pytest.approx(40, abs=2)


def test_clips_that_were_joined_byte_by_byte(tmp_path):
    one = write(tmp_path / "a.ts", picture(50, codec="mpeg2video"), sound(codec="mp2", seconds=2))
    (tmp_path / "b.ts").write_bytes(one.read_bytes() * 3)
    assert track_seconds(tmp_path / "b.ts", "video") == pytest.approx(6.0, abs=0.2)
    assert track_seconds(tmp_path / "b.ts", "audio") == pytest.approx(6.0, abs=0.2)


def test_an_hour_between_two_clips(tmp_path):
    """Cut together from one transmission: the picture goes on, as when it is read."""
    one = write(tmp_path / "a.ts", picture(50, codec="mpeg2video"))
    late = write(tmp_path / "b.ts", picture(50, codec="mpeg2video", late_sec=40.0))
    (tmp_path / "c.ts").write_bytes(one.read_bytes() + late.read_bytes())
    seen = len(read_video(tmp_path / "c.ts", gray=True))
    assert video_frames(tmp_path / "c.ts") == pytest.approx(seen, abs=2) and seen < 110


def test_a_track_that_shows_up_late_does_no_harm():
    class Container:
        def demux(self, *streams):
            yield from "ab"
            raise IndexError("list index out of range")

    assert list(packets(Container(), "stream")) == ["a", "b"]


def test_where_a_track_begins(tmp_path):
    path = write(tmp_path / "a.mkv", picture(25, late_sec=1.0), sound(seconds=3.0))
    assert track_span(path, "video") == pytest.approx((1.0, 2.0), abs=0.03)
    assert track_span(path, "audio") == pytest.approx((0.0, 3.0), abs=0.1)
    soundfile.write(tmp_path / "a.wav", tone(0.5), 16000)
    assert track_seconds(tmp_path / "a.wav", "audio") == 0.5
    assert track_span(tmp_path / "a.wav", "video") is None
    assert video_frames(tmp_path / "a.wav") == 0


def test_a_track_without_a_packet_is_no_track(tmp_path):
    nothing = picture(0, frames=np.zeros((0, 64, 128), np.uint8))
    path = write(tmp_path / "a.mkv", nothing, sound(), options={"live": "1"})
    media = probe(path)
    assert not media.has_video and media.has_audio and media.error == ""


@pytest.mark.parametrize(
    ("codec", "seconds"), [("libopus", 1.5), ("libopus", 0.3), ("vorbis", 1.5)]
)
def test_oggs_that_follow_one_another_are_as_long_as_all_of_them(tmp_path, codec, seconds):
    parts = []
    for number in range(3):
        path = tmp_path / f"{number}.ogg"
        if codec == "vorbis":
            soundfile.write(path, tone(seconds), 16000)
        else:
            write(path, sound(codec=codec, seconds=seconds))
        parts.append(path)
    assert track_seconds(parts[0], "audio") == pytest.approx(seconds, abs=0.02)
    radio = tmp_path / "radio.ogg"
    radio.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert track_seconds(radio, "audio") == pytest.approx(3 * seconds, abs=0.06)
    assert probe(radio).audio_sec == pytest.approx(len(read_audio(radio)) / 16000, abs=0.03)


@pytest.mark.parametrize("tag", [b"", b"TAG" + bytes(125)])
def test_mp3_files_joined_with_their_tags_are_read_to_the_end(tmp_path, tag):
    part = write(tmp_path / "part.mp3", sound(codec="libmp3lame", seconds=2.0)).read_bytes()
    assert part.startswith(b"ID3")
    path = tmp_path / "joined.mp3"
    path.write_bytes(part + tag + part)
    assert len(read_audio(path)) / 16000 == pytest.approx(4.0, abs=0.15)
    assert track_seconds(path, "audio") == pytest.approx(4.0, abs=0.15)


def test_a_film_whose_clock_began_an_hour_ago_is_no_hour_long(tmp_path):
    path = write(tmp_path / "dashcam.mkv", picture(50, late_sec=3600))
    with av.open(str(path)) as box:
        assert box.duration > 3600e6, "as FFmpeg writes it"
    assert track_seconds(path, "video") == pytest.approx(2.0, abs=0.01)
    assert probe(path).seconds == pytest.approx(len(read_video(path, gray=True)) / 25, abs=0.01)
