"""Utterances as items of their language."""

from fractions import Fraction

from espnet_av.data.table import write_table
from espnet_av.score.abx.language import language_items, language_options, unit_of
from espnet_av.score.abx.options import AbxOptions
from espnet_av.score.conditions import Decoded


def condition(folder, langs, speakers):
    write_table(folder / "utt2lang", langs)
    write_table(folder / "utt2spk", speakers)
    return Decoded(folder, {})


def test_bins_of_length(tmp_path):
    found = condition(tmp_path, {"a": "en", "b": "fr", "c": "en"}, dict.fromkeys("abc", "s"))
    items = language_items(found, {"a": 50, "b": 70, "c": 71}, Fraction(50))
    assert [(i.phone, i.previous, i.speaker) for i in items] == [
        ("en", "1.00s+", "s"),
        ("fr", "1.00s+", "s"),
        ("en", "1.41s+", "s"),
    ]
    assert [str(i.offset) for i in items] == ["1", "1.4", "1.42"]
    assert unit_of(found).startswith("utterance, mean of frames; of one talker")


def test_across_needs_talkers_of_several_languages(tmp_path):
    options = AbxOptions(slice="zerospeech2021", context="any")
    found = condition(tmp_path, {"a": "en", "b": "fr"}, {"a": "s", "b": "t"})
    assert language_options(found, options).speaker == ("within",)
    found = condition(tmp_path, {"a": "en", "b": "fr"}, {"a": "s", "b": "s"})
    made = language_options(found, options)
    assert made.speaker == ("within", "across")
    assert (made.slice, made.context, made.pooling) == ("correct", "within", "mean")
