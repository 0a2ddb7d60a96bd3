"""Time stamps rule where they say something; rounding and jitter are no holes."""

import numpy as np
import pytest

from espnet_av.media.sound_places import place_sound

FRAME = 0.02


def stamps(num_frames, jitter=0.0, step_ms=0.0):
    begins = np.arange(num_frames) * FRAME
    begins = begins + np.random.default_rng(0).uniform(-jitter, jitter, num_frames)
    return np.round(begins / (step_ms / 1000)) * (step_ms / 1000) if step_ms else begins


def place(begins):
    return place_sound(list(begins), [FRAME] * len(begins))


def summary(pieces):
    """(sound second, file second) of the beginning of each piece."""
    assert all(piece.is_even for piece in pieces)
    return [(round(piece.sound_sec[0], 6), round(piece.file_sec[0], 6)) for piece in pieces]


@pytest.mark.parametrize("step_ms", [0, 1, 1 / 90])
@pytest.mark.parametrize("begin", [0.0, 0.064, -0.023, 12.5])
def test_rounded_stamps_are_no_trouble(step_ms, begin):
    begins = stamps(500, step_ms=step_ms) + begin
    pieces = place(begins)
    assert summary(pieces) == [(0, round(begin, 6))]
    assert pieces[0].sound_sec[1] == pytest.approx(10)


def test_a_hole():
    begins = stamps(200)
    begins[100:] += 2
    assert summary(place(begins)) == [(0, 0), (2, 4)]


@pytest.mark.parametrize("step_ms", [0, 1])
def test_lost_packets_far_and_near(step_ms):
    begins = stamps(400, step_ms=step_ms)
    expected = [(0, 0)]
    for number, lost in ((50, 1), (60, 2), (62, 1), (300, 10)):
        begins[number:] += lost * FRAME
        expected.append((round(number * FRAME, 6), round(float(begins[number]), 6)))
    found = summary(place(begins))
    assert len(found) == len(expected)
    assert np.abs(np.array(found) - expected).max() < 1.1e-3


def test_every_packet_of_a_pause_stands_alone():
    # A coder that sends one packet in 0.4 s while nobody speaks.
    begins = np.concatenate([stamps(50), 1 + np.arange(10) * 0.4, 5 + stamps(50)])
    pieces = place(begins)
    assert [piece.file_sec[0] for piece in pieces] == pytest.approx(
        [0, *(1.4 + np.arange(9) * 0.4), 5.0]
    )


def test_an_overlap():
    begins = stamps(200)
    begins[100:] -= 0.3
    assert summary(place(begins)) == [(0, 0), (2, 1.7)]


@pytest.mark.parametrize("size", [0.03, 0.5, -0.5, 100.0])
@pytest.mark.parametrize("number", [1, 20, 98])
def test_a_single_wrong_stamp_is_no_hole(number, size):
    begins = stamps(100)
    begins[number] += size
    assert summary(place(begins)) == [(0, 0)]


@pytest.mark.parametrize("num_wrong", [1, 2])
def test_wrong_stamps_at_the_head(num_wrong):
    begins = stamps(100)
    begins[num_wrong:] += 0.0568
    assert summary(place(begins)) == [(0, 0.0568)]


@pytest.mark.parametrize("jitter", [0.003, 0.01, 0.03])
def test_jitter_of_a_live_recording_is_not_heard(jitter):
    pieces = place(stamps(1000, jitter=jitter))
    assert len(pieces) == 1
    shifts = pieces[0].file_sec - pieces[0].sound_sec
    assert np.abs(shifts).max() < jitter / 2
    # Where it is followed at all, the pitch changes by less than 0.3 %.
    assert np.abs(np.diff(shifts) / np.diff(pieces[0].sound_sec)).max() < 3e-3


def test_a_hole_in_a_recording_with_jitter():
    begins = stamps(1000, jitter=0.009)
    begins[500:] += 0.5
    pieces = place(begins)
    assert len(pieces) == 2
    assert pieces[1].sound_sec[0] == pytest.approx(10)
    assert pieces[1].file_sec[0] == pytest.approx(10.5, abs=2e-3)


@pytest.mark.parametrize("speed", [0.996, 1.001, 1.0039, 1.04])
@pytest.mark.parametrize("step_ms", [0, 1])
def test_a_clock_of_another_speed(speed, step_ms):
    begins = np.round(stamps(3000) * speed, 3 if step_ms else 9)
    (piece,) = place(begins)
    times = np.linspace(0, 60, 100)
    found = np.interp(times, piece.sound_sec, piece.file_sec)
    assert np.abs(found - times * speed).max() < 1.5e-3


def test_a_slow_clock_with_a_hole():
    begins = stamps(2000) * 1.004
    begins[1000:] += 1
    first, second = place(begins)
    assert first.file_sec[-1] == pytest.approx(20 * 1.004, abs=2e-3)
    assert second.file_sec[[0, -1]] == pytest.approx([21.08, 41.16], abs=2e-3)


def test_frames_without_a_stamp():
    begins = list(stamps(100))
    begins[3] = begins[50] = None
    assert summary(place(begins)) == [(0, 0)]
    assert summary(place([None] * 10)) == [(0, 0)]
    assert summary(place_sound([], [])) == [(0, 0)]
