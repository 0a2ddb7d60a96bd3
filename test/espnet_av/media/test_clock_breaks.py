"""Where the clock of a file is set anew, from the stamps of its packets alone."""

import av
import numpy as np
import pytest
from films import write_film

from espnet_av.media import clock_breaks as clock_breaks_module
from espnet_av.media.clock_breaks import Break, _breaks, _extend, _Stamp, clock_breaks

TS, MKV = 10.0, 3600.0
"""From which gap on a stream counts as cut together, by container."""


def track(*parts, period=0.04, places=0.0):
    """Packets of runs (first second, last second); stored every `period` in a file."""
    times = np.concatenate([np.arange(begin, end - period / 2, period) for begin, end in parts])
    return [
        _Stamp(
            number,
            round((number * period + places) * 1000),
            float(time),
            float(time) + period,
            float(time),
            float(time),
        )
        for number, time in enumerate(times)
    ]


def epochs(stamps):
    found = []
    for stamp in stamps:
        _extend(found, stamp)
    return found


def shifts(picture, sound=None, cut=TS):
    """(packet, shift) of the breaks of each track, rounded to milliseconds."""
    tracks = [epochs(picture)] + ([epochs(sound)] if sound else [])
    return [
        [(number, round(shift, 3)) for number, shift in found] for found in _breaks(tracks, cut)
    ]


def test_a_clock_that_goes_on_has_no_breaks():
    assert shifts(track((0, 4)), track((0, 4), period=0.02)) == [[], []]
    # A hole in one track is a hole; a pause of a recorder is one.
    assert shifts(track((0, 4)), track((0, 1), (3, 4), period=0.02)) == [[], []]
    assert shifts(track((0, 2), (30, 32)), track((0, 32), period=0.02)) == [[], []]
    assert shifts(track((0, 2), (30, 32)), track((0, 2), (30, 32)), cut=MKV) == [[], []]


def test_order_of_decoding_is_no_break():
    times = [0.0, 0.16, 0.08, 0.04, 0.12, 0.32, 0.24, 0.2, 0.28]
    stamps = [
        _Stamp(number, number, time, time + 0.04, number * 0.04, number * 0.04)
        for number, time in enumerate(times)
    ]
    assert shifts(stamps) == [[]]


def test_joined_clips_go_on():
    assert shifts(track((0, 2), (0, 2))) == [[(0, 0), (50, 2)]]


def test_the_sound_keeps_its_place_by_the_picture():
    # The sound of the first clip is 0.3 s too short, and both begin at 1.4 s.
    picture = track((1.4, 3.4), (1.4, 3.4))
    sound = track((1.38, 3.1), (1.38, 3.1), period=0.02, places=0.01)
    assert shifts(picture, sound) == [[(0, 0), (50, 2)], [(0, 0), (86, 2)]]


def test_three_clips_each_with_its_own_clock():
    picture = track((10, 12), (500, 502), (0, 2))
    sound = track((10, 12), (500, 502), (0, 2), period=0.02, places=0.3)
    expected = [0, 12 - 500, 14 - 0]
    assert [shift for _, shift in shifts(picture, sound)[0]] == expected
    assert [shift for _, shift in shifts(picture, sound)[1]] == expected


def test_a_transport_stream_without_picture_that_was_cut_together():
    assert shifts(track((0, 2), (100, 102))) == [[(0, 0), (50, -98)]]
    assert shifts(track((0, 2), (100, 102)), cut=MKV) == [[]]
    assert shifts(track((0, 2), (9000, 9002)), cut=MKV) == [[(0, 0), (50, -8998)]]


@pytest.mark.parametrize("wrong", [(700.0, 700.08), (-20.0, -19.92)])
def test_a_few_wrong_stamps_are_put_right(wrong):
    assert shifts(track((0, 2), wrong, (2.08, 4))) == [
        [(0, 0), (50, round(2 - wrong[0], 3)), (52, 0)]
    ]


def test_sound_alone_that_goes_back():
    sound = track((0, 2), (0.5, 2), period=0.02)
    assert shifts(track((0, 4)), sound) == [[], [(0, 0), (100, 1.5)]]


def test_of_a_file(tmp_path):
    write_film(tmp_path / "a.ts", seconds=2, codecs=("libx264", "mp2"), fs=48000)
    assert clock_breaks(tmp_path / "a.ts") == {}
    (tmp_path / "b.ts").write_bytes((tmp_path / "a.ts").read_bytes() * 2)
    assert clock_breaks(tmp_path / "b.ts") == {
        0: [Break(0, 0.0), Break(50, pytest.approx(2))],
        1: [Break(0, 0.0), Break(pytest.approx(84, abs=1), pytest.approx(2))],
    }


def test_a_file_is_gone_through_once_while_it_stays_the_same(tmp_path, monkeypatch):
    opened = []
    write_film(tmp_path / "a.ts", seconds=1, codecs=(None, "mp2"), fs=48000)
    real = av.open
    monkeypatch.setattr(
        clock_breaks_module.av, "open", lambda path: opened.append(path) or real(path)
    )
    for _ in range(3):
        assert clock_breaks(tmp_path / "a.ts") == {}
    assert len(opened) == 1
    (tmp_path / "a.ts").write_bytes((tmp_path / "a.ts").read_bytes() * 3)
    clock_breaks(tmp_path / "a.ts")
    assert len(opened) == 2
