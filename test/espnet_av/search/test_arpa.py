"""ARPA files: what is written is read back, and what is wrong is named by its line."""

import math

import pytest
from oracles.ngram import random_arpa

from espnet_av.errors import ConfigError
from espnet_av.search.arpa import read_arpa, vocabulary, write_arpa

TOKENS = ["<blank>", "<unk>", "a", "\u2028", "▁c", "<sos/eos>"]
GOOD = """\\data\\
ngram 1=4
ngram 2=2

\\1-grams:
-99\t<s>\t-0.3
-0.5 a -0.25
-0.6 <unk>
-1\t</s>

\\2-grams:
-0.2\t<s> a
-0.4\ta a

\\end\\
"""


def test_values_are_natural_logarithms_by_token_id(tmp_path):
    path = tmp_path / "lm.arpa"
    path.write_text("made by hand\n" + GOOD, encoding="utf-8")
    unigrams, bigrams = read_arpa(path, vocabulary(TOKENS))
    ten, start, end = math.log(10), len(TOKENS), len(TOKENS) + 1
    assert unigrams == {
        (start,): (pytest.approx(-99 * ten), pytest.approx(-0.3 * ten)),
        (2,): (pytest.approx(-0.5 * ten), pytest.approx(-0.25 * ten)),
        (1,): (pytest.approx(-0.6 * ten), 0.0),
        (end,): (pytest.approx(-ten), 0.0),
    }
    assert bigrams == {
        (start, 2): (pytest.approx(-0.2 * ten), 0.0),
        (2, 2): (pytest.approx(-0.4 * ten), 0.0),
    }


@pytest.mark.parametrize("order", [1, 3])
def test_what_is_written_is_read_back(tmp_path, order):
    ids = vocabulary(TOKENS)
    path = random_arpa(tmp_path / "lm.arpa", [t for t in TOKENS if t != "\u2028"], order)
    grams = read_arpa(path, ids)
    grams[0][(3,)] = grams[0][(2,)]  # the character that Unicode takes for a line end
    write_arpa(tmp_path / "again.arpa", grams, ids)
    again = read_arpa(tmp_path / "again.arpa", ids)
    assert [list(table) for table in again] == [list(table) for table in grams]
    for table, expected in zip(again, grams, strict=True):
        for gram, entry in table.items():
            assert entry == pytest.approx(expected[gram], abs=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\\data\\", "data", r":16: the file ends too early"),
        ("ngram 1=4", "ngram 1: 4", r":2: 'ngram 1: 4' is not of the form"),
        ("ngram 1=4", "ngram 2=4", r":2: expected 'ngram 1=<count>'"),
        ("ngram 2=2", "ngram 3=2", r":3: expected 'ngram 2=<count>'"),
        ("ngram 1=4", "ngram 1=3", r":9: expected .2-grams:; the section before it is too long"),
        ("ngram 1=4", "ngram 1=5", r":10: 4 of the 5 1-grams are there"),
        ("ngram 2=2", "ngram 2=1", r":13: expected .end.; the file is longer"),
        ("\\2-grams:", "\\3-grams:", r":11: expected .2-grams:"),
        ("-0.6 <unk>", "-0.6 b", r":8: 'b' is no token of the model"),
        ("-0.6 <unk>", "-0.6 a", r":8: this n-gram stands there twice"),
        ("-0.6 <unk>", "-0.6", r":8: 1 fields; expected a log-probability, 1 words and perhaps"),
        ("-0.4\ta a", "-0.4\ta a\t-0.1", r":13: 4 fields; expected a log-probability, 2 words$"),
        ("-0.4\ta a", "-0.4\t▁c a", r":13: this n-gram without its last word is not in the file"),
        ("-0.4\ta a", "0.4\ta a", r":13: 0.4 is no log10 of a probability"),
        ("-0.4\ta a", "-O.4\ta a", r":13: '-O.4' is no number"),
        ("-0.25", "nan", r":7: 'nan' is no number"),
        ("\\end\\", "", r":16: the file ends too early"),
    ],
    ids=lambda value: value.strip(),
)
def test_what_is_wrong_is_named_with_its_line(tmp_path, old, new, message):
    path = tmp_path / "lm.arpa"
    assert GOOD.count(old) >= 1
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"lm\.arpa" + message):
        read_arpa(path, vocabulary(TOKENS))


def test_no_file_and_no_text(tmp_path):
    with pytest.raises(ConfigError, match="no such file; make it with 'espnet-av ngram'"):
        read_arpa(tmp_path / "lm.arpa", vocabulary(TOKENS))
    (tmp_path / "lm.arpa").write_bytes(b"\x1f\x8b\x08\xff")
    with pytest.raises(ConfigError, match="must not be compressed"):
        read_arpa(tmp_path / "lm.arpa", vocabulary(TOKENS))
