"""Frames of items, exactly, in both slices; what does not fit is named."""

from fractions import Fraction

import pytest
from oracles.abx_set import items

from espnet_av.errors import ConfigError, DataDirError
from espnet_av.score.abx.items import AbxItem, parse_time
from espnet_av.score.abx.options import AbxOptions
from espnet_av.score.abx.spans import (
    TWICE,
    check_durations,
    check_rate,
    cut,
    frame_span,
    parse_rate,
)

FRAMES = {f"f{n}": 60 for n in range(6)}
HALF = Fraction(50)


def span(onset, offset, name="correct", rate=HALF):
    start, end = frame_span(parse_time(onset), parse_time(offset), rate, name)
    return start, end


@pytest.mark.parametrize(
    ("onset", "offset", "first", "correct", "cut"),
    [
        ("0.2925", "0.4725", 15, 9, 8),
        ("0.30", "0.50", 15, 10, 9),
        ("0.29", "0.57", 14, 15, 14),
        ("0.31", "0.32", 15, 1, 0),
    ],
)
def test_golden_slices(onset, offset, first, correct, cut):
    assert span(onset, offset) == (first, first + correct)
    assert span(onset, offset, "zerospeech2021") == (first, first + cut)


def test_no_frame_between_two_centres():
    start, end = span("0.3101", "0.3299")
    assert end <= start


def test_no_digit_is_lost():
    assert span("0.2899999999999991", "0.57")[0] == 14
    assert span("0.29000000000000000001", "0.57")[0] == 15
    assert span("0", "0.03003", rate=Fraction("49.95")) == (0, 1)
    assert span("0", "0.03004", rate=Fraction("49.95")) == (0, 2)
    assert span("0.1", "0.2", rate=Fraction(16000, 320)) == span("0.1", "0.2")


def test_lengths_of_the_golden_set():
    found = cut(items(), FRAMES, HALF, AbxOptions())
    assert (found.end - found.start)[:16].tolist() == [
        3,
        4,
        4,
        5,
        3,
        4,
        4,
        5,
        3,
        4,
        5,
        3,
        3,
        4,
        5,
        3,
    ]
    assert not found.dropped and not found.num_clipped


def test_order_of_lines_plays_no_part():
    one, other = (cut(order, FRAMES, HALF, AbxOptions()) for order in (items(), items()[::-1]))
    assert one.items == other.items
    assert one.start.tolist() == other.start.tolist()


def item(onset, offset, file="f0"):
    return AbxItem(file, parse_time(onset), parse_time(offset), "a", "b", "c", "s", "x.item:9")


def test_one_frame_beyond_the_end_is_lost_and_counted():
    found = cut([item("1.0", "1.2101")], FRAMES, HALF, AbxOptions())
    assert (found.start.tolist(), found.end.tolist(), found.num_clipped) == ([50], [60], 1)


def test_further_beyond_the_end_is_refused():
    message = r"x\.item:9: a of f0, 1 to 1\.2301 s: frames 50 to 61, but f0 has 60 at 50 Hz"
    with pytest.raises(DataDirError, match=message):
        cut([item("1.0", "1.2301")], FRAMES, HALF, AbxOptions())
    with pytest.raises(DataDirError, match="cut short or have another rate"):
        cut([item("7.0", "7.5")], FRAMES, HALF, AbxOptions(slice="zerospeech2021"))


@pytest.mark.parametrize("name", ["correct", "zerospeech2021"])
def test_items_without_a_frame(name):
    short = item("0.3101", "0.3299") if name == "correct" else item("0.31", "0.32")
    others = [item(f"0.1{n}", "0.3") for n in range(10)]
    with pytest.raises(DataDirError, match=r"1 of 11 items .* slice .*1 no frame.*\n.*x\.item:9"):
        cut([short, *others], FRAMES, HALF, AbxOptions(slice=name))
    options = AbxOptions(slice=name, max_dropped=0.1)
    found = cut([short, *others], FRAMES, HALF, options)
    assert found.dropped == [(short, "no frame")]
    assert len(found.items) == 10


def test_an_item_that_begins_where_the_file_ends():
    found = cut([item("1.2", "1.22")], FRAMES, HALF, AbxOptions(max_dropped=1))
    assert [reason for _, reason in found.dropped] == ["begins where the file ends"]


def test_a_file_without_features():
    with pytest.raises(DataDirError, match=r"x\.item:9: g: no features of that name \(1 of 2"):
        cut([item("0", "1"), item("0", "1", "g")], FRAMES, HALF, AbxOptions())


@pytest.mark.parametrize("rate", ["25", "100", "10", "200"])
def test_a_rate_that_does_not_fit(rate):
    with pytest.raises(DataDirError, match=rf"--frame_hz {rate} does not fit .*about 5\d"):
        check_rate(items(), FRAMES, parse_rate(rate))
    check_rate(items(), FRAMES, HALF)


def test_durations():
    check_durations({"f0": 1.21}, {"f0": 60}, HALF, "t")
    with pytest.raises(
        DataDirError, match=r"f0: 60 frames for 0\.6 s \(t\), which is 100 a second"
    ):
        check_durations({"f0": 0.6}, {"f0": 60}, HALF, "t")
    with pytest.raises(DataDirError, match="t: no duration of f1"):
        check_durations({"f0": 1.2}, {"f0": 60, "f1": 60}, HALF, "t")


@pytest.mark.parametrize("text", ["0", "-50", "fast", "1/0", "inf", "nan", "1e9", ""])
def test_what_is_no_rate(text):
    with pytest.raises(ConfigError, match="expected frames a second"):
        parse_rate(text)


def test_an_item_that_stands_there_twice_is_used_once():
    whole = items()
    again = AbxItem(**vars(whole[0]) | {"where": "line 50", "onset": parse_time("0.05250")})
    spans = cut([*whole, again], FRAMES, HALF, AbxOptions())
    assert len(spans.items) == 48
    assert [(item.where, why) for item, why in spans.dropped] == [("line 50", TWICE)]
    other = AbxItem(**vars(whole[0]) | {"speaker": "s9"})
    assert len(cut([*whole, other], FRAMES, HALF, AbxOptions()).items) == 49
    with pytest.raises(DataDirError, match=r"48 of 96 .*\(48 the same as another item\).*keep one"):
        cut(whole * 2, FRAMES, HALF, AbxOptions())


def test_an_item_behind_the_end_is_dropped_and_not_shortened_as_well():
    late = AbxItem("f0", parse_time("1.2"), parse_time("1.2101"), "AA", "B", "D", "s1")
    spans = cut([*items(), late], FRAMES, HALF, AbxOptions())
    assert [why for _, why in spans.dropped] == ["begins where the file ends"]
    assert spans.num_clipped == 0


@pytest.mark.parametrize("text", ["1e999999999", "1e-999999999", "5" * 50])
def test_rates_that_would_take_all_memory_to_read(text):
    with pytest.raises(ConfigError, match="expected frames a second"):
        parse_rate(text)
