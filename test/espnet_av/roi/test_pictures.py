"""The pictures of a clip, kept when they are few and decoded again when they are not."""

import weakref

import av
import numpy as np
import pytest
from media_samples import numbered_frames

from espnet_av.errors import MediaError
from espnet_av.media.video import iter_frames, read_video, write_video
from espnet_av.roi import pictures
from espnet_av.roi.pictures import Pictures
from espnet_av.roi.shots import Shot

NUM_FRAMES = 12
SIZE = NUM_FRAMES * 64 * 128


@pytest.fixture
def clip(tmp_path):
    write_video(tmp_path / "a.mp4", numbered_frames(NUM_FRAMES), 25)
    return tmp_path / "a.mp4"


@pytest.fixture
def decoded(monkeypatch):
    """Notes how often a file is decoded from its beginning."""
    calls = []

    def noted(*arguments):
        calls.append(arguments)
        return iter_frames(*arguments)

    monkeypatch.setattr(pictures, "iter_frames", noted)
    return calls


@pytest.mark.parametrize(("kept_bytes", "num_decodings"), [(SIZE, 1), (SIZE - 1, 3), (0, 3)])
def test_every_pass_gives_the_same(clip, decoded, kept_bytes, num_decodings):
    found = Pictures(clip, gray=True, kept_bytes=kept_bytes)
    for _ in range(3):
        assert np.array_equal(list(found), read_video(clip, gray=True))
    assert len(decoded) == num_decodings


def test_a_large_clip_is_not_held(clip):
    found = Pictures(clip, gray=True, kept_bytes=SIZE // 2)
    most = []
    for _ in range(2):
        seen: list[weakref.ref] = []
        alive = 0
        for picture in found:
            seen.append(weakref.ref(picture))
            alive = max(alive, sum(one() is not None for one in seen))
        assert len(seen) == NUM_FRAMES
        most.append(alive)
    # The first pass drops what it has once it is too much.
    assert most[0] <= NUM_FRAMES // 2 + 2
    assert most[1] <= 2


def test_a_pass_that_was_left_early_is_not_taken_for_the_clip(clip):
    found = Pictures(clip, gray=True)
    assert next(iter(found)) is not None
    assert len(list(found)) == NUM_FRAMES


def test_segment_and_errors_are_those_of_the_file(clip):
    part = Pictures(clip, 25, 0.16, 0.32, gray=True, kept_bytes=0)
    assert np.array_equal(list(part), read_video(clip, 25, 0.16, 0.32, gray=True))
    with pytest.raises(MediaError, match="no picture between 9 s and the end"):
        list(Pictures(clip, start=9))


def test_parts_of_a_film_that_changes_its_size_are_those_of_the_whole(tmp_path):
    parts = []
    for number, scale in enumerate((1, 2)):
        path = tmp_path / f"{number}.ts"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("mpeg2video", rate=25)
            stream.width, stream.height, stream.pix_fmt = 128 * scale, 64 * scale, "yuv420p"
            for image in numbered_frames(30, 64 * scale, 128 * scale):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="gray")))
            container.mux(stream.encode(None))
        parts.append(path.read_bytes())
    film = tmp_path / "call.ts"
    film.write_bytes(b"".join(parts))
    whole = read_video(film, gray=True)
    found = Pictures(film, gray=True, kept_bytes=0)
    assert len(found.shots) >= 1 and whole.shape == (60, 64, 128)
    assert np.array_equal(list(found.part(Shot(40, 55))), whole[40:55])
