"""Files that end early are refused wherever they were cut; odd headers of whole ones are not."""

import io
import struct

import av
import numpy as np
import pytest
import soundfile
from media_samples import numbered_frames, tone

from espnet_av.corpora.probe import probe
from espnet_av.errors import MediaError
from espnet_av.media.audio import read_audio
from espnet_av.media.video import read_video
from espnet_av.media.wave_size import aiff_end

FILMS = {
    "a.mkv": ("mpeg4", "aac", {}),
    "a.webm": ("libvpx", "libopus", {}),
    "front.mkv": ("mpeg4", "aac", {"cues_to_front": "1"}),
    "a.avi": ("mpeg4", "libmp3lame", {}),
    "front.mp4": ("mpeg4", "aac", {"movflags": "faststart"}),
    "parts.mp4": ("mpeg4", "aac", {"movflags": "frag_keyframe+empty_moov"}),
    "dash.mp4": ("mpeg4", "aac", {"movflags": "dash+global_sidx+frag_keyframe"}),
    "a.flv": ("flv1", "aac", {}),
    "a.wmv": ("wmv2", "wmav2", {}),
    "a.ogv": ("libvpx", "libopus", {}),
}
SOUNDS = {"a.opus": "libopus", "a.oga": "flac", "a.mka": "aac", "a.wma": "wmav2"}
WAVES = {"a.wav": "WAV", "x.wav": "WAVEX", "64.wav": "RF64", "a.w64": "W64", "a.aiff": "AIFF",
         "a.au": "AU", "a.caf": "CAF", "a.sph": "NIST", "a.flac": "FLAC"}  # fmt: skip


def encode(path, codec_video, codec_audio, options, num_frames=60):
    with av.open(str(path), "w", options=options) as box:
        packets = []
        if codec_video:
            video = box.add_stream(codec_video, rate=25, options={"g": "12"})
            video.width, video.height, video.pix_fmt = 128, 64, "yuv420p"
            for picture in numbered_frames(num_frames):
                packets += video.encode(av.VideoFrame.from_ndarray(picture, format="gray"))
            packets += video.encode(None)
        audio = box.add_stream(codec_audio, rate=48000, layout="mono")
        audio.bit_rate = 96000
        wave = tone(num_frames / 25, 48000) + np.random.default_rng(0).normal(
            0, 0.1, num_frames * 1920
        )
        frame = av.AudioFrame.from_ndarray(wave[None].astype(np.float32), "flt", "mono")
        frame.sample_rate, frame.pts = 48000, 0
        to_codec = av.AudioResampler(format=audio.codec_context.format, rate=48000)
        for part in to_codec.resample(frame):
            packets += audio.encode(part)
        packets += audio.encode(None)
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            box.mux(packet)
    return path


def cut_at(path, num_bytes):
    target = path.with_name(f"cut-{path.name}")
    target.write_bytes(path.read_bytes()[:num_bytes])
    return target


def is_refused(path, read):
    try:
        read(path)
    except MediaError as error:
        assert f"{path.name}: " in str(error)
        return True
    return False


def places(path):
    """Bytes at which to cut: all over the file, and at its very end."""
    size = path.stat().st_size
    return [*(int(size * share) for share in (0.1, 0.33, 0.5, 0.77, 0.9, 0.999)), size - 1]


@pytest.mark.parametrize("name", FILMS)
def test_a_film_is_refused_wherever_it_was_cut(tmp_path, name):
    path = encode(tmp_path / name, *FILMS[name])
    assert len(read_video(path, gray=True)) == pytest.approx(60, abs=2)
    assert len(read_audio(path)) / 16000 == pytest.approx(2.4, abs=0.1)
    assert probe(path).error == ""
    # A wmv ends with its index.
    for place in places(path)[: -2 if name == "a.wmv" else None]:
        cut = cut_at(path, place)
        # Of an mp4 the track that is whole all the same is read.
        assert is_refused(cut, read_video) or is_refused(cut, read_audio)
        assert probe(cut).error, "before anything is decoded"


@pytest.mark.parametrize("name", SOUNDS)
def test_compressed_sound_is_refused_wherever_it_was_cut(tmp_path, name):
    path = encode(tmp_path / name, None, SOUNDS[name], {})
    assert len(read_audio(path)) / 16000 == pytest.approx(2.4, abs=0.1)
    for place in places(path):
        cut = cut_at(path, place)
        assert is_refused(cut, read_audio) and probe(cut).error


@pytest.mark.parametrize("name", WAVES)
def test_samples_are_refused_wherever_they_were_cut(tmp_path, name):
    path = tmp_path / name
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 48000)
    soundfile.write(path, samples, 16000, "PCM_16", format=WAVES[name])
    assert len(read_audio(path)) == 48000
    for place in places(path)[:-1]:
        cut = cut_at(path, place)
        assert is_refused(cut, read_audio)
        assert probe(cut).error or name == "a.flac"


def test_an_aiff_of_a_pipe_does_not_tell_where_it_ends(tmp_path):
    path = tmp_path / "a.aiff"
    soundfile.write(path, np.zeros(48000), 16000, "PCM_16", format="AIFF")
    content = path.read_bytes()
    samples = content.index(b"SSND") + 4
    unknown = b"\xff\xff\xff\xff"
    content = content[:4] + unknown + content[8:samples] + unknown + content[samples + 4 :]
    path.write_bytes(content)
    assert aiff_end(io.BytesIO(content), len(content)) == 0
    path.write_bytes(content[:-20000])
    assert aiff_end(io.BytesIO(content[:-20000]), len(content) - 20000) == 0


def test_a_live_film_of_unknown_size_is_read_as_far_as_it_goes(tmp_path):
    path = encode(tmp_path / "a.webm", "libvpx", "libopus", {"live": "1"})
    assert len(read_video(path, gray=True)) == 60
    half = cut_at(path, path.stat().st_size // 2)
    assert 10 < len(read_video(half, gray=True)) < 50


def test_a_segment_before_the_cut_is_read(tmp_path):
    path = encode(tmp_path / "a.mkv", *FILMS["a.mkv"])
    half = cut_at(path, path.stat().st_size // 2)
    assert len(read_video(half, end=0.4, gray=True)) == 10
    assert len(read_audio(half, end=0.4)) == 6400


def riff(samples, *, total=0, data=0, more=b"", order="<", name=b"RIFF", bits=16):
    """A wav whose sizes are wrong by `total` and `data` bytes."""
    width = bits // 8
    form = struct.pack(order + "HHIIHH", 1, 1, 16000, 16000 * width, width, bits)
    parts = [b"WAVEfmt ", struct.pack(order + "I", 16), form, more, b"data"]
    sizes = [36 + len(more) + len(samples) + total, len(samples) + data]
    sizes = [struct.pack(order + "I", value % (1 << 32)) for value in sizes]
    return b"".join([name, sizes[0], *parts, sizes[1], samples])


SAMPLES = np.random.default_rng(0).integers(-9999, 9999, 32000).astype("<i2")


@pytest.mark.parametrize(
    ("total", "data"),
    [(1, 0), (8, 0), (16, 0), (44, 0), (1000, 0), (-8, 0), (0, 1), (0, 8), (0, 16), (0, 36),
     (0, 1000), (1, 1), (8, 8), (16, 16), (36, 44), (44, 44), (8, 44)],
)  # fmt: skip
def test_a_wav_with_a_wrong_size_is_whole(tmp_path, total, data):
    """Off in one of its two sizes, in both by some bytes, or by the length of the header."""
    (tmp_path / "a.wav").write_bytes(riff(SAMPLES.tobytes(), total=total, data=data))
    assert np.array_equal(read_audio(tmp_path / "a.wav"), SAMPLES / np.float32(32768))
    assert probe(tmp_path / "a.wav").error == ""


@pytest.mark.parametrize(
    "size", [0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFF - 36, 0xFFFFF000, 0]
)
@pytest.mark.parametrize("which", ["both", "data"])
def test_a_wav_from_a_pipe_is_whole(tmp_path, size, which):
    num_bytes = SAMPLES.nbytes
    total = size - num_bytes if which == "both" else 0
    content = riff(SAMPLES.tobytes(), total=total, data=size - num_bytes)
    (tmp_path / "a.wav").write_bytes(content)
    assert np.array_equal(read_audio(tmp_path / "a.wav"), SAMPLES / np.float32(32768))
    media = probe(tmp_path / "a.wav")
    assert media.error == "" and media.audio_sec == pytest.approx(2.0)


@pytest.mark.parametrize("is_padded", [True, False])
def test_a_wav_of_an_odd_number_of_bytes(tmp_path, is_padded):
    samples = np.random.default_rng(0).integers(0, 256, 4001).astype(np.uint8)
    content = riff(samples.tobytes(), total=1, bits=8) + bytes(is_padded)
    (tmp_path / "a.wav").write_bytes(content)
    assert len(read_audio(tmp_path / "a.wav")) == 4001


def test_chunks_round_the_samples(tmp_path):
    """A title in front; a list behind that is lost does no harm to the sound."""
    title = b"LIST" + struct.pack("<I", 5) + b"hello\0"
    content = riff(SAMPLES.tobytes(), more=title, total=500)
    (tmp_path / "a.wav").write_bytes(content)
    assert len(read_audio(tmp_path / "a.wav")) == len(SAMPLES)
    (tmp_path / "a.wav").write_bytes(content[:-2000])
    assert is_refused(tmp_path / "a.wav", read_audio)
