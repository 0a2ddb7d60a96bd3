"""Our normalisers give what two packages give that were ported from Whisper independently.

And the error rate after them is the textbook's, on random strings of nine languages.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.edit_distance import edit_distance

from espnet_av.score.edits import align
from espnet_av.score.normaliser import get_normaliser, normalise_texts

pytest.importorskip("whisper_normalizer", reason="the optional package whisper-normalizer")
english_normalizer = pytest.importorskip("transformers.models.whisper.english_normalizer")

BRITISH = {"colour": "color", "organised": "organized", "aeon": "eon"}
SAMPLE = {
    "en": [
        "Hello, World! It's 20 dollars, Mr. O'Neil.",
        "I won't pay twenty-five hundred pounds; whilst the colour's organised.",
        "um, uh the 3rd of July two thousand and five, %50 & £3.50",
        "[Applause] (laughs) Well — that's it, isn't it? They've gone; she'd know.",
    ],
    "ar": [
        "شكرا جزيلاً، يا أصدقائي.",
        "هَذَا كِتَابٌ مُفِيدٌ؛ أليس كذلك؟",
        "في عام ٢٠١٩ كان عندنا 3,500 طالب.",
    ],
    "de": [
        "Vielen Dank [Lachen] (leise) schön, Straße ﬁne",
        "Über-Größe: 1.000,50 € – „wirklich“?",
        "Ich hab's gesagt; Äpfel, Öl und Übung!",
    ],
    "el": [
        "Ευχαριστώ πολύ· είναι ο κόσμος;",
        "«Καλημέρα», είπε η Μαρία — ΐ, ΰ, ώ!",
        "Το 2010 ήμασταν 1.500 άτομα (περίπου).",
    ],
    "es": [
        "¡Muchas gracias! ¿Qué tal — bien?",
        "El niño pingüino costó 3,50 €; ¿no?",
        "[Música] Así es: 1.º y 2.ª.",
    ],
    "fr": [
        "Merci, c'est l'été ; œuvre d'art…",
        "Aujourd\u2019hui, j\u2019ai 1 000 idées : « ça va » ?",
        "L'Haÿ-les-Roses, où êtes-vous (rires) ?",
    ],
    "it": [
        "Perché no? E' così.",
        "L'università è là; c'è un'idea, po\u2019 alla volta.",
        "Nel 1989 c'erano 2,5 milioni (applausi).",
    ],
    "pt": [
        "Não, 1.000 vezes não-sei",
        "À tarde, a avó pôs açúcar; põe três!",
        "[Risos] Lê-se «você», não é?",
    ],
    "ru": [
        "Большое спасибо, «ёлка» и ещё 1 000 раз.",
        "Й и и\u0306 — одно и то же? Кое-что…",
        "В 2015-м году (аплодисменты) было 3,5 млн.",
    ],
    "others": ["Łódź æon þorn naïve"],
}
TEXTS = [text for texts in SAMPLE.values() for text in texts]


@pytest.mark.parametrize("lang", SAMPLE)
def test_nine_languages(lang):
    basic = english_normalizer.BasicTextNormalizer()
    english = english_normalizer.EnglishTextNormalizer(BRITISH)
    for text in SAMPLE[lang]:
        assert get_normaliser("basic")(text) == " ".join(basic(text).split())
        assert get_normaliser("english")(text) == " ".join(english(text).split())
        if lang != "others":
            ((got,),) = (d.values() for d in normalise_texts("whisper", {"u": lang}, {"u": text}))
            assert got == " ".join((english if lang == "en" else basic)(text).split())


def test_they_do_rewrite():
    basic, english = get_normaliser("basic"), get_normaliser("english")
    assert basic(SAMPLE["en"][0]) == "hello world it s 20 dollars mr o neil"
    assert english(SAMPLE["en"][1]).startswith("i will not pay £2500 whilst the color")
    assert english(SAMPLE["en"][3]) == "well that is it is not it they have gone she would know"
    assert basic(SAMPLE["de"][0]) == "vielen dank schön straße fine"
    assert basic(SAMPLE["ru"][1]) == "й и й одно и то же кое что"


ALPHABET = "".join(sorted(set("".join(TEXTS))))
PIECES = st.one_of(
    st.sampled_from(sorted({w for t in TEXTS for w in t.split()})), st.text(ALPHABET)
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(set(SAMPLE) - {"others"})),
            st.lists(PIECES, max_size=6),
            st.lists(PIECES, max_size=6),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_error_rates_after_them_are_the_textbooks(triples):
    langs = {str(number): lang for number, (lang, _, _) in enumerate(triples)}
    refs = {str(number): "Wort " + " ".join(ref) for number, (_, ref, _) in enumerate(triples)}
    hyps = {str(number): " ".join(hyp) for number, (_, _, hyp) in enumerate(triples)}
    refs, hyps = normalise_texts("whisper", langs, refs, hyps)
    if not any(refs.values()):
        return
    for unit, split in (("words", str.split), ("characters", list)):
        counts = [item.counts for item in align(refs, hyps, unit)]
        slow = [edit_distance(split(refs[utt]), split(hyps[utt])) for utt in refs]
        assert [count.errors for count in counts] == slow
        assert sum(count.num_ref for count in counts) == sum(len(split(t)) for t in refs.values())
