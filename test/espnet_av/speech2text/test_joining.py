"""What two windows heard is in the text once, whatever they made of it."""

from __future__ import annotations

import pytest

from espnet_av.search.alignment import WordTime
from espnet_av.speech2text.joining import join_passages
from espnet_av.speech2text.spacing import one_text
from espnet_av.speech2text.transcript import Passage, Transcript


def joined_list(passages):
    return list(join_passages(iter(passages)))


def timed(start, end, *words):
    """A passage of (word, start) that are 0.2 s long each."""
    times = [WordTime(word, at, round(at + 0.2, 3), 0.9) for word, at in words]
    texts = [" ".join(word for word, _ in words), "another"]
    return Passage(start=start, end=end, texts=texts, scores=[-1.0, -2.0], words=times)


def untimed(start, end, text):
    return Passage(start=start, end=end, texts=[text, "other"], scores=[-1.0, -2.0], words=None)


def test_adjacent_passages_stay_as_they_are():
    passages = [timed(0.0, 3.0, ("a", 0.1)), timed(3.0, 5.0, ("b", 3.2))]
    assert joined_list(passages) == passages
    assert joined_list([]) == []


# They share 4.0 to 5.0 s; the middle is 4.5 s.
LEFT = [("set", 3.0), ("blue", 3.9), ("at", 4.2), ("f", 4.45), ("ni", 4.85)]


@pytest.mark.parametrize(
    ("left", "right", "text"),
    [
        (LEFT, [("lue", 4.0), ("at", 4.21), ("f", 4.44), ("nine", 4.7)], "set blue at f nine"),
        # Only one of them heard the word in the middle.
        (LEFT, [("lue", 4.0), ("at", 4.2), ("nine", 4.75)], "set blue at nine"),
        (LEFT[:3], [("f", 4.42), ("nine", 4.7)], "set blue at f nine"),
        # They agree on nothing: a word is taken from where it is farther from the border.
        ([("set", 3.0), ("but", 4.2)], [("bat", 4.22), ("nine", 4.7)], "set but nine"),
        # The same word said twice in a row stays twice.
        (
            [("go", 3.9), ("no", 4.3), ("no", 4.5), ("n", 4.9)],
            [("no", 4.3), ("no", 4.51), ("now", 4.75)],
            "go no no now",
        ),
        # A word that both have, but of other moments, is two words.
        ([("one", 3.2), ("two", 4.1)], [("one", 4.8)], "one two one"),
        ([("one", 3.2)], [("two", 5.2)], "one two"),
    ],
)
def test_words_by_their_times(left, right, text):
    first, second = joined_list([timed(2.0, 5.0, *left), timed(4.0, 7.0, *right)])
    assert (first.start, first.end, second.start, second.end) == (2.0, 4.5, 4.5, 7.0)
    joined = Transcript(passages=[first, second])
    assert joined.text == text
    assert " ".join(word.word for word in joined.words) == text
    times = [word.start for word in joined.words]
    assert times == sorted(times)
    assert all(len(p.texts) == len(p.scores) == 1 for p in (first, second))


@pytest.mark.parametrize(
    ("left", "right", "text"),
    [
        ("set blue at f ni", "ue at f nine now", "set blue at f nine now"),
        ("set blue", "nine now", "set blue nine now"),
        ("at one two at", "at three", "at one two at three"),
        ("set", "set", "set"),
        # What is farther back than the overlap is not looked at.
        ("go " * 9 + "a b c d e f g", "go home", "go " * 9 + "a b c d e f g go home"),
        ("我们今天去公", "天去公园散步", "我们今天去公园散步"),
        ("他昨天", "买了", "他昨天买了"),
        ("seven", "eleven", "seven eleven"),
        ("", "nine now", "nine now"),
        ("set blue", "", "set blue"),
    ],
)
def test_words_without_times(left, right, text):
    passages = joined_list([untimed(0.0, 3.0, left), untimed(2.0, 5.0, right)])
    assert Transcript(passages=passages).text == text
    assert [passage.end for passage in passages] == [2.5, 5.0]


def test_a_passage_that_was_not_recognised():
    nothing = Passage(start=2.0, end=5.0, texts=[], scores=[], words=None)
    (first, second) = joined_list([untimed(0.0, 3.0, "set blue"), nothing])
    assert first.texts == ["set blue"] and second.texts == [] and second.start == 2.5


def test_three_in_a_row():
    passages = [
        timed(0.0, 3.0, ("a", 0.5), ("b", 2.4)),
        timed(2.0, 5.0, ("b", 2.41), ("c", 3.5), ("d", 4.3)),
        timed(4.0, 7.0, ("d", 4.3), ("e", 6.0)),
    ]
    joined = Transcript(passages=joined_list(passages))
    assert joined.text == "a b c d e"
    ends = [(passage.start, passage.end) for passage in joined.passages]
    assert ends == [(0.0, 2.5), (2.5, 4.5), (4.5, 7.0)]


def test_scripts_without_spaces_get_none_between_passages():
    assert one_text(["我们", "今天", "", "go", "home"]) == "我们今天 go home"
    assert one_text(["วันนี้", "ไป"]) == "วันนี้ไป"
    assert one_text(["сегодня", "да"]) == "сегодня да"
    assert one_text([]) == ""


def test_a_passage_is_given_out_when_the_next_one_is_known():
    asked = []

    def found():
        for start in (0.0, 2.0, 4.0):
            asked.append(start)
            yield untimed(start, start + 2.0, "a")

    joined = join_passages(found())
    assert asked == []
    assert next(joined).start == 0.0 and asked == [0.0, 2.0]
    assert next(joined).start == 2.0 and asked == [0.0, 2.0, 4.0]
