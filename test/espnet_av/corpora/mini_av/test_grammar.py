"""The command grammar."""

import unicodedata

import pytest

from espnet_av.corpora.mini_av.grammar import (
    LEXICONS,
    NUM_MEANINGS,
    SLOT_SIZES,
    Meaning,
    meaning_of,
    sentence,
    spoken_markup,
)
from espnet_av.synthesis.espeak import Voice, synthesise
from espnet_av.synthesis.visemes import visemes_of

MEANING = Meaning(command=0, colour=1, preposition=2, letter=3, digit=4, adverb=2)


@pytest.mark.parametrize("language", LEXICONS)
def test_words_of_a_language(language):
    lexicon = LEXICONS[language]
    words = [word for slot in Meaning._fields for word in getattr(lexicon, slot)]
    assert tuple(len(getattr(lexicon, slot)) for slot in Meaning._fields) == SLOT_SIZES
    assert len(set(words)) == len(words), "a word with two meanings cannot be translated"
    assert sorted(lexicon.order) == sorted(Meaning._fields)
    assert all(word == unicodedata.normalize("NFC", word.lower()) for word in words)
    assert all(len(letter) == 1 for letter in lexicon.letter)


def test_sentences_are_parallel():
    assert sentence(MEANING, "en") == "bin green in d four please"
    assert sentence(MEANING, "de") == "bitte wirf grün in d vier"
    assert sentence(MEANING, "fr") == "jette dans d quatre vert s'il vous plaît"
    assert sentence(MEANING, "ru") == "пожалуйста брось зелёный внутри г четыре"
    assert sentence(MEANING, "el") == "ρίξε πράσινο μέσα δ τέσσερα παρακαλώ"
    assert sentence(MEANING, "ar") == "ارم داخل ث أربعة أخضر رجاء"


def test_every_index_is_another_meaning():
    meanings = {meaning_of(index) for index in range(0, NUM_MEANINGS, 7)}
    assert len(meanings) == len(range(0, NUM_MEANINGS, 7))
    assert meaning_of(NUM_MEANINGS - 1) == Meaning(*(size - 1 for size in SLOT_SIZES))


def test_letters_are_marked_for_the_engine():
    assert spoken_markup(MEANING, "en").split(" in ")[1].startswith("<say-as")
    assert "say-as" not in sentence(MEANING, "en")


@pytest.mark.parametrize("language", LEXICONS)
def test_every_spoken_phone_has_a_viseme(language):
    lexicon = LEXICONS[language]
    voice = Voice(language=lexicon.voice, variant="m1", rate=300)
    for index in range(max(SLOT_SIZES)):
        meaning = Meaning(*(index % size for size in SLOT_SIZES))
        speech = synthesise(spoken_markup(meaning, language), voice, ssml=True)
        names = [visemes_of(name) for _, name in speech.phonemes]
        assert len(names) > 10
