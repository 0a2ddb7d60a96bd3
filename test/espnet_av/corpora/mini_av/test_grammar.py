"""What is said in mini_av: commands, and tales."""

import unicodedata
from itertools import pairwise

import pytest

from espnet_av.corpora.mini_av.grammar import COMMANDS, LEXICONS, Meaning
from espnet_av.corpora.mini_av.tales import GRAMMARS, TALES, Tale
from espnet_av.data.mbart_tokens import LANGUAGES
from espnet_av.synthesis.espeak import Voice, synthesise
from espnet_av.synthesis.visemes import visemes_of

sentence, spoken_markup = COMMANDS.sentence, COMMANDS.spoken_markup
ALL = [(name, language) for name, words in GRAMMARS.items() for language in words.lexicons]
MEANING = Meaning(command=0, colour=1, preposition=2, letter=3, digit=4, adverb=2)


@pytest.mark.parametrize(("name", "language"), ALL)
def test_words_of_a_language(name, language):
    grammar = GRAMMARS[name]
    lexicon, slots = grammar.lexicons[language], grammar.meaning._fields
    words = [word for slot in slots for word in getattr(lexicon, slot)]
    assert tuple(len(getattr(lexicon, slot)) for slot in slots) == grammar.sizes
    assert len(set(words)) == len(words), "a word with two meanings cannot be translated"
    assert sorted(lexicon.order) == sorted(slots)
    assert all(word == unicodedata.normalize("NFC", word.lower()) for word in words)


def test_letters_are_single():
    assert all(len(letter) == 1 for lexicon in LEXICONS.values() for letter in lexicon.letter)


def test_sentences_are_parallel():
    assert sentence(MEANING, "en") == "bin green in d four please"
    assert sentence(MEANING, "de") == "bitte wirf grün in d vier"
    assert sentence(MEANING, "fr") == "jette dans d quatre vert s'il vous plaît"
    assert sentence(MEANING, "ru") == "пожалуйста брось зелёный внутри г четыре"
    assert sentence(MEANING, "el") == "ρίξε πράσινο μέσα δ τέσσερα παρακαλώ"
    assert sentence(MEANING, "ar") == "ارم داخل ث أربعة أخضر رجاء"


def test_every_index_is_another_meaning():
    for grammar in GRAMMARS.values():
        chosen = range(0, grammar.num_meanings, 7)
        assert len({grammar.meaning_of(index) for index in chosen}) == len(chosen)
        last = grammar.meaning(*(size - 1 for size in grammar.sizes))
        assert grammar.meaning_of(grammar.num_meanings - 1) == last


def test_tales_are_the_same_in_many_orders_of_words():
    tale = Tale(time=0, who=0, action=0, what=0, where=0)
    assert TALES.sentence(tale, "en") == "the dog sees a house in the garden today"
    assert TALES.sentence(tale, "de") == "heute sieht der hund ein haus im garten"
    assert TALES.sentence(tale, "tr") == "bugün köpek bahçede bir ev görüyor"
    assert len({lexicon.order for lexicon in TALES.lexicons.values()}) >= 7
    codes = {code.partition("_")[0] for code in LANGUAGES}
    assert len(TALES.lexicons) == 10 and codes >= set(TALES.lexicons)


@pytest.mark.parametrize(("name", "language"), ALL)
def test_a_sentence_can_be_read_in_one_way(name, language):
    """No phrase begins where another one that may stand there too goes on."""
    grammar = GRAMMARS[name]
    lexicon = grammar.lexicons[language]
    for slot in grammar.meaning._fields:
        phrases = sorted(getattr(lexicon, slot))
        assert not any(b.startswith(f"{a} ") for a, b in pairwise(phrases))


def test_letters_are_marked_for_the_engine():
    assert spoken_markup(MEANING, "en").split(" in ")[1].startswith("<say-as")
    assert "say-as" not in sentence(MEANING, "en")


@pytest.mark.parametrize(("name", "language"), ALL)
def test_every_spoken_phone_has_a_viseme(name, language):
    grammar = GRAMMARS[name]
    voice = Voice(language=grammar.lexicons[language].voice, variant="m1", rate=300)
    for index in range(max(grammar.sizes)):
        meaning = grammar.meaning(*(index % size for size in grammar.sizes))
        speech = synthesise(grammar.spoken_markup(meaning, language), voice, ssml=True)
        names = [visemes_of(name) for _, name in speech.phonemes]
        assert len(names) > 10
