"""The track that players choose, whatever its place in the file; cover pictures are none."""

import av
import numpy as np
import pytest
from av.stream import Disposition
from media_samples import frame_numbers, numbered_frames
from track_samples import picture, sound, write

from espnet_av.corpora.probe import probe
from espnet_av.errors import MediaError
from espnet_av.media.audio import read_audio
from espnet_av.media.container import open_media
from espnet_av.media.track_length import track_seconds
from espnet_av.media.tracks import find_track
from espnet_av.media.video import read_video


def main_hz(wave):
    return round(np.abs(np.fft.rfft(wave[:16000])).argmax() * 16000 / min(len(wave), 16000))


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.mov"])
def test_the_default_sound_wherever_it_stands(tmp_path, name):
    default, other = Disposition.default, Disposition.dub
    path = write(tmp_path / name, sound(300, other), sound(700, default), sound(900, other))
    assert main_hz(read_audio(path)) == pytest.approx(700, abs=2)


def test_sound_for_the_blind_is_the_last_choice(tmp_path):
    for_blind = Disposition.visual_impaired
    path = write(tmp_path / "a.mkv", sound(300, for_blind), sound(700, Disposition.dub))
    assert main_hz(read_audio(path)) == pytest.approx(700, abs=2)


def test_the_default_picture_in_every_reader(tmp_path):
    path = write(
        tmp_path / "a.mkv",
        picture(10, Disposition.dub),
        picture(20, Disposition.default, first=100),
    )
    assert frame_numbers(read_video(path, gray=True))[:20] == list(range(100, 120))


def test_lengths_are_those_of_the_track_that_is_read(tmp_path):
    path = write(
        tmp_path / "a.mov",
        picture(10, Disposition.dub),
        picture(20, Disposition.default),
        sound(300, Disposition.dub, seconds=0.5),
        sound(300, Disposition.default, seconds=1.5),
    )
    assert track_seconds(path, "video") == pytest.approx(0.8)
    assert track_seconds(path, "audio") == pytest.approx(1.5, abs=0.05)
    media = probe(path)
    assert (media.video_sec, media.audio_sec) == (
        pytest.approx(0.8),
        pytest.approx(1.5, abs=0.05),
    )


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "aac"), ("a.mp3", "libmp3lame"), ("a.flac", "flac")]
)
def test_a_cover_picture_is_no_film(tmp_path, name, codec):
    cover = picture(1, Disposition.attached_pic, "mjpeg")
    path = write(tmp_path / name, sound(440, codec=codec), cover)
    with av.open(str(path)) as box:
        assert box.streams.video, "the cover is there"
    media = probe(path)
    assert (media.has_video, media.fps, media.width, media.error) == (False, 0.0, 0, "")
    assert media.audio_sec == pytest.approx(1.0, abs=0.1)
    assert main_hz(read_audio(path)) == pytest.approx(440, abs=2)
    with pytest.raises(MediaError, match=r"no video track \(found: audio, cover picture\)"):
        read_video(path)


@pytest.mark.parametrize("cover_first", [True, False])
def test_a_film_with_a_cover_picture(tmp_path, cover_first):
    cover = picture(1, Disposition.attached_pic, "mjpeg", frames=numbered_frames(1, 512, 512))
    tracks = [sound(440), picture(25)]
    path = write(tmp_path / "a.mp4", *([cover, *tracks] if cover_first else [*tracks, cover]))
    assert frame_numbers(read_video(path, gray=True)) == list(range(25))
    assert (probe(path).width, probe(path).video_sec) == (128, pytest.approx(1.0))


def test_a_track_that_ffmpeg_knows_nothing_of_is_found(tmp_path):
    class Streams(list):
        audio = video = ()

        def best(self, kind, related=None):
            return None

    class Container:
        streams = Streams()

    assert find_track(Container(), "audio") is None


def test_a_track_without_a_decoder_is_named(tmp_path):
    path = write(tmp_path / "a.mov", sound(440, codec="pcm_s16le"))
    path.write_bytes(path.read_bytes().replace(b"sowt", b"zzzz"))
    with (
        pytest.raises(MediaError, match=r"a\.mov: .*(no decoder|no audio track)"),
        open_media(path, "audio"),
    ):
        pass
