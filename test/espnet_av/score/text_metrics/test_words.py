"""Words of any script."""

import re
import unicodedata

import pytest
from oracles.golden_texts import PAIRS

from espnet_av.score.text_metrics.words import words_of


@pytest.mark.parametrize("text", [text for pair in PAIRS for text in pair])
def test_golden_texts(text):
    right = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text).lower())
    assert words_of(text) == right


@pytest.mark.parametrize("text", ["Don't_stop at 10:30, OK?", "a--b  c\t1,000.5", "", "?!"])
def test_as_rouge_cuts_ascii(text):
    assert words_of(text) == [word for word in re.split("[^a-z0-9]+", text.lower()) if word]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("नमस्ते दुनिया।", ["नमस्ते", "दुनिया"]),
        ("தமிழ் மொழி", ["தமிழ்", "மொழி"]),
        ("我喜欢 Python3。", ["我", "喜", "欢", "python3"]),
        ("ここはabc", ["こ", "こ", "は", "abc"]),
        ("รัก!", ["รั", "ก"]),
        ("مَرحَبًا، عالم", ["مَرحَبًا", "عالم"]),
        ("ÉTÉ", ["été"]),
        ("e\u0301te\u0301 \u0301x", ["été", "x"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("क्\u200dष", ["क्\u200dष"]),
    ],
)
def test_scripts(text, words):
    assert words_of(text) == words


def test_both_forms_of_an_accent_are_one_word():
    assert words_of(unicodedata.normalize("NFD", "Déjà vu")) == words_of("déjà vu")
