"""Forms of a transcript, read back where a reader of ours knows them."""

import itertools
import json

import pytest

from espnet_av.corpora.textgrid import read_textgrid
from espnet_av.data.table import parse_ctm
from espnet_av.errors import ConfigError
from espnet_av.search.alignment import WordTime
from espnet_av.speech2text.cues import cues_of_text
from espnet_av.speech2text.formats import FORMATS, read_formats
from espnet_av.speech2text.transcript import Passage, Transcript


def passage(start, end, text, *words):
    times = [WordTime(*word, 0.5) for word in words] if words else None
    return Passage(start=start, end=end, texts=[text], scores=[-1.0], words=times)


SPOKEN = Transcript(
    passages=[
        passage(0.0, 2.0, 'lay "red"', ("lay", 0.1, 0.4), ('"red"', 1.5, 1.9)),
        passage(2.0, 4.0, "at", ("at", 2.0, 2.0)),
    ]
)
WRITTEN = Transcript(passages=[passage(0.0, 2.0, "où est-il ?"), passage(2.0, 4.0, "")])


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("found", [SPOKEN, WRITTEN, Transcript(passages=[])])
def test_every_form_of_every_transcript(name, found):
    if name == "ctm" and found is WRITTEN:
        with pytest.raises(ConfigError, match=r"a\.mp4: ctm has times of words"):
            FORMATS[name].write(found, "a.mp4")
    else:
        assert isinstance(FORMATS[name].write(found, "a.mp4"), str)


def test_a_textgrid_has_all_of_it_without_gaps(tmp_path):
    path = tmp_path / "a.TextGrid"
    path.write_text(FORMATS["textgrid"].write(SPOKEN, "a.mp4") + "\n", encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    assert 'text = "lay ""red"""' in text and 'name = "words"' in text
    tiers = read_textgrid(path)
    names = list(tiers)
    assert names == ["passages", "words"]


def test_a_ctm_is_read_by_our_reader(tmp_path):
    (tmp_path / "ctm").write_text(FORMATS["ctm"].write(SPOKEN, "my film.mp4") + "\n")
    fields = (tmp_path / "ctm").read_text().splitlines()[0].split()
    assert fields == ["my_film", "1", "0.100", "0.300", "lay", "0.5000"]
    (tmp_path / "plain").write_text(
        "".join(f"{' '.join(line.split()[:5])}\n" for line in (tmp_path / "ctm").open())
    )
    segments, problems = parse_ctm(tmp_path / "plain")
    assert not problems and [s.label for s in segments["my_film"]] == ["lay", '"red"', "at"]


def test_tsv_has_milliseconds():
    lines = FORMATS["tsv"].write(SPOKEN, "a.mp4").split("\n")
    assert lines[0] == "start\tend\ttext" and lines[1] == "100\t400\tlay"


def test_names_of_formats():
    assert read_formats("srt, TXT,json,srt") == ["srt", "text", "json"]
    assert read_formats("all") == list(FORMATS)
    with pytest.raises(ConfigError, match="'doc' is none of text, json"):
        read_formats("srt,doc")


def test_a_long_translation_is_cut_into_subtitles():
    text = "This is the first sentence of the whole talk, said at once. And " + "more of it " * 12
    cues = cues_of_text(10.0, 22.0, text)
    assert cues[0].text == "This is the first sentence of the whole talk, said at once."
    assert " ".join(cue.text for cue in cues) == text.strip()
    assert all(len(cue.text) <= 80 for cue in cues)
    assert cues[0].start == 10.0 and cues[-1].end == 22.0
    for cue, following in itertools.pairwise(cues):
        assert cue.end == following.start > cue.start
    chinese = "我们今天去公园散步" * 12
    assert "".join(cue.text for cue in cues_of_text(0.0, 9.0, chinese)) == chinese
    assert cues_of_text(0.0, 1.0, "short")[0] == (0.0, 1.0, "short")
    assert json.loads(FORMATS["json"].write(WRITTEN, "a.mp4"))["text"] == "où est-il ?"
