from __future__ import annotations

import json
import math

from espnet_av.search.alignment import WordTime
from espnet_av.speech2text.transcript import Passage, Transcript


def words(*entries):
    return [WordTime(word, start, end, 0.9) for word, start, end in entries]


def passage(start, end, texts, times):
    return Passage(
        start=start, end=end, texts=texts, scores=[-1.0 - i for i in range(len(texts))], words=times
    )


TWO = Transcript(
    passages=[
        passage(0.0, 2.0, ["lay red", "lay read"], words(("lay", 0.1, 0.4), ("red", 1.5, 1.9))),
        passage(2.0, 9.5, ["at x"], words(("at", 2.0, 2.3), ("x", 9.0, 9.2))),
    ]
)


def test_text_words_and_score_of_the_whole_file():
    assert TWO.text == "lay red at x"
    assert [word.word for word in TWO.words] == ["lay", "red", "at", "x"]
    assert TWO.score == -2.0
    assert TWO.nbest == ["lay red at x"]
    assert Transcript(passages=TWO.passages[:1]).nbest == ["lay red", "lay read"]


def test_srt_begins_a_cue_at_pauses():
    assert TWO.to_srt() == (
        "1\n00:00:00,100 --> 00:00:00,400\nlay\n\n"
        "2\n00:00:01,500 --> 00:00:01,900\nred\n\n"
        "3\n00:00:02,000 --> 00:00:02,300\nat\n\n"
        "4\n00:00:09,000 --> 00:00:09,200\nx\n"
    )


def test_vtt_has_the_same_subtitles():
    spoken = words(("fish", 3599.9, 3600.25), ("&", 3600.3, 3600.4), ("<chips>", 3600.5, 3601.0))
    text = Transcript(passages=[passage(3599.0, 3602.0, ["..."], spoken)]).to_vtt()
    assert text == "WEBVTT\n\n00:59:59.900 --> 01:00:01.000\nfish &amp; &lt;chips&gt;\n"
    assert Transcript(passages=[passage(0.0, 1.0, [""], [])]).to_vtt() == "WEBVTT\n"
    srt, vtt = TWO.to_srt(), TWO.to_vtt()
    shown = [line for line in srt.split("\n") if line and not line.isdigit()]
    assert [line for line in vtt.split("\n")[1:] if line] == [
        line.replace(",", ".") if "-->" in line else line for line in shown
    ]


def test_srt_breaks_long_speech_and_tells_the_hour():
    start = 3599.9
    talk = words(*[(f"word{i:02d}", start + 0.5 * i, start + 0.5 * i + 0.4) for i in range(30)])
    lines = Transcript(passages=[passage(start, 3620.0, ["..."], talk)]).to_srt().split("\n\n")
    cues = [line.split("\n") for line in lines]
    assert cues[0][1] == "00:59:59,900 --> 01:00:05,300"
    assert all(len(cue[2]) <= 80 for cue in cues)
    assert " ".join(cue[2] for cue in cues) == " ".join(word.word for word in talk)


def test_srt_without_word_times_and_without_text():
    silent = passage(2.0, 3.0, [""], [])
    nothing = passage(3.0, 4.0, [], None)
    untimed = Transcript(passages=[passage(0.0, 2.0, ["lay red"], None), silent, nothing])
    assert untimed.to_srt() == "1\n00:00:00,000 --> 00:00:02,000\nlay red\n"
    assert untimed.words is None and untimed.text == "lay red"
    between = Transcript(passages=[TWO.passages[0], silent, TWO.passages[1]])
    assert between.text == "lay red at x"
    assert untimed.score == -math.inf
    assert json.loads(untimed.to_json("x"))["score"] is None


def test_json():
    content = json.loads(TWO.to_json("clip.mp4"))
    assert content["path"] == "clip.mp4" and content["text"] == "lay red at x"
    first = content["passages"][0]
    assert first["nbest"][1] == {"text": "lay read", "score": -2.0}
    assert first["words"][0] == {"word": "lay", "start": 0.1, "end": 0.4, "probability": 0.9}


def test_json_is_readable_in_every_script():
    passage = Passage(start=0.0, end=1.0, texts=["für 我们"], scores=[-1.0], words=None)
    assert "für 我们" in Transcript(passages=[passage]).to_json("c.mp4")
