"""Long recordings are cut between words, and lists and hashes choose clips."""

import pytest
from corpora_fixtures.clips import put
from hypothesis import given, settings
from hypothesis import strategies as st

from espnet_av.corpora.hold_out import hold_out, read_id_list
from espnet_av.corpora.lrs3_text import Word, read_clip_text
from espnet_av.corpora.word_cuts import cut_at_words
from espnet_av.errors import DataDirError


def words_of(durations):
    """Words from (pause before, duration) pairs."""
    words, now = [], 0.0
    for number, (pause, duration) in enumerate(durations):
        words.append(Word(f"w{number}", now + pause, now + pause + duration))
        now += pause + duration
    return words


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 3), st.floats(0.01, 4)), min_size=1, max_size=40),
    st.floats(0, 3),
    st.floats(2, 12),
)
def test_pieces_hold_every_word_once_and_are_short(durations, tail, limit):
    words = words_of(durations)
    seconds = words[-1].end + tail
    pieces, left_out = cut_at_words(words, seconds, limit)
    said = [word for piece in pieces for word in piece.text.split()]
    assert sorted(said + [word.word for word in left_out]) == sorted(w.word for w in words)
    times = {word.word: word for word in words}
    end = 0.0
    for piece in pieces:
        assert end <= piece.start + 1e-9
        assert 0 < piece.end - piece.start <= limit + 1e-9
        for name in piece.text.split():
            assert piece.start - 1e-9 <= times[name].start
            assert times[name].end <= piece.end + 1e-9
        end = piece.end
    assert all(word.end - word.start > limit - 1.0 - 1e-9 for word in left_out)


def test_the_longest_pause_of_the_second_half_wins():
    words = words_of([(0, 1), (2, 1), (0.1, 1), (0.6, 1), (0.1, 1), (0.1, 1)])
    pieces, left_out = cut_at_words(words, words[-1].end, 7.5)
    assert [piece.text for piece in pieces] == ["w0 w1 w2", "w3 w4 w5"]
    assert pieces[0].end == pytest.approx((words[2].end + words[3].start) / 2)
    assert not left_out


def test_long_pauses_are_left_out():
    words = words_of([(20, 1), (30, 1)])
    pieces, _ = cut_at_words(words, 80.0, 10)
    assert [(p.start, p.end) for p in pieces] == [(19.5, 21.5), (50.5, 52.5)]


def test_words_with_impossible_times_are_given_back():
    words = [Word("a", 0.0, 1.0), Word("long", 1.0, 30.0), Word("late", 41.0, 42.0)]
    pieces, left_out = cut_at_words(words, 40.0, 15)
    assert [piece.text for piece in pieces] == ["a"]
    assert [word.word for word in left_out] == ["long", "late"]


@pytest.mark.parametrize(
    ("content", "text", "words"),
    [
        ("Text:  HELLO {NS} YOU\nConf:  4\n", "HELLO YOU", []),
        ("\ufeffText: HI\r\n\r\nWORD START END ASDSCORE\r\nHI 0.1 0.2 1.0\r\n", None, None),
        ("Text:  A\n\nWORD START END\nA 0.10 0.25\n", "A", [("A", 0.1, 0.25)]),
        ("Text:  A B\n\nWORD START END ASDSCORE\n{LG} 0 1 2\nB 1 2 3\n", "A B", [("B", 1, 2)]),
        ("Text:  A B\n\nWORD START END ASDSCORE\nA 2 3 1\nB 1 2 3\n", "A B", []),
        ("Text:  A\n\nWORD START END ASDSCORE\nA x y z\n", "A", []),
        ("Conf: 1\ntext:  A {unclosed\n", "A {unclosed", []),
    ],
)
def test_texts_of_real_copies(tmp_path, content, text, words):
    path = put(tmp_path / "a.txt", content)
    if text is None:
        text, words = "HI", [("HI", 0.1, 0.2)]
    assert read_clip_text(path) == (text, words)


def test_held_out_clips():
    names = [f"clip{number}" for number in range(100)]
    chosen = hold_out(names, 5)
    assert len(chosen) == 5
    assert hold_out(names[::-1], 5) == chosen
    assert len(hold_out(names, 1200)) == 10
    assert len(hold_out(names[:3], 1200)) == 1
    gone = sorted(chosen)[0]
    assert chosen - hold_out([name for name in names if name != gone], 5) == {gone}


def test_lists_of_ids(tmp_path):
    known = {"dev/id1/v/00001": "id1-v-00001", "dev/id2/v/00001": "id2-v-00001"}
    path = put(tmp_path / "ids", "dev/mp4/id1/v/00001.mp4 en\n\nid2-v-00001\nid3/v/00001\n")
    assert read_id_list(path, known) == ({"id1-v-00001", "id2-v-00001"}, ["id3/v/00001"])
    with pytest.raises(DataDirError, match="no such list"):
        read_id_list(tmp_path / "none", known)
    with pytest.raises(DataDirError, match="names no clip"):
        read_id_list(put(tmp_path / "empty", "\n"), known)
