"""Our normalisers give what two packages give that were ported from Whisper independently."""

import pytest

from espnet_av.score.normaliser import get_normaliser

pytest.importorskip("whisper_normalizer", reason="the optional package whisper-normalizer")
english_normalizer = pytest.importorskip("transformers.models.whisper.english_normalizer")

BRITISH = {"colour": "color", "organised": "organized", "aeon": "eon"}
SAMPLE = [
    "Hello, World! It's 20 dollars, Mr. O'Neil.",
    "I won't pay twenty-five hundred pounds; whilst the colour's organised.",
    "um, uh the 3rd of July two thousand and five, %50 & £3.50",
    "¡Muchas gracias! ¿Qué tal — bien?",
    "Ευχαριστώ πολύ· είναι ο κόσμος;",
    "شكرا جزيلاً، يا أصدقائي.",
    "Vielen Dank [Lachen] (leise) schön, Straße ﬁne",
    "Большое спасибо, «ёлка» и ещё 1 000 раз.",
    "Merci, c'est l'été ; œuvre d'art…",
    "Perché no? E' così.",
    "Não, 1.000 vezes não-sei",
    "Łódź æon þorn naïve",
]


@pytest.mark.parametrize("text", SAMPLE)
def test_nine_languages(text):
    basic = english_normalizer.BasicTextNormalizer()
    english = english_normalizer.EnglishTextNormalizer(BRITISH)
    assert get_normaliser("basic")(text) == " ".join(basic(text).split())
    assert get_normaliser("english")(text) == " ".join(english(text).split())


def test_they_do_rewrite():
    assert get_normaliser("basic")(SAMPLE[0]) == "hello world it s 20 dollars mr o neil"
    assert get_normaliser("english")(SAMPLE[1]).startswith("i will not pay £2500 whilst the color")
