"""The command grammar of `mini_av`: one meaning, said in any of nine languages."""

from __future__ import annotations

from typing import NamedTuple

from espnet_av.corpora.mini_av.slots import Grammar


class Meaning(NamedTuple):
    """What a command says, as an index into the word list of each slot."""

    command: int
    colour: int
    preposition: int
    letter: int
    digit: int
    adverb: int


class WordLists(NamedTuple):
    """How one language says it; the entries of a slot translate those of every other language."""

    voice: str
    """Voice name of the speech engine."""
    command: tuple[str, ...]
    colour: tuple[str, ...]
    preposition: tuple[str, ...]
    letter: tuple[str, ...]
    digit: tuple[str, ...]
    adverb: tuple[str, ...]
    order: tuple[str, ...] = Meaning._fields
    """Order of the slots in a sentence."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in text.split())


# `w` is left out as in GRID, and `z` too, so that every language has the same number of letters.
_LATIN = tuple("abcdefghijklmnopqrstuvxy")
_ADVERB_FIRST = ("adverb", "command", "colour", "preposition", "letter", "digit")
_COLOUR_LAST = ("command", "preposition", "letter", "digit", "colour", "adverb")

LEXICONS = {
    "ar": WordLists(
        "ar",
        _words("ارم ضع ثبت حدد"),
        _words("أزرق أخضر أحمر أبيض"),
        _words("عند بجانب داخل مع"),
        tuple("ابتثجحخدذرزسشصضطعغفقكلمن"),
        _words("صفر واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة"),
        _words("الآن مجددا رجاء قريبا"),
        _COLOUR_LAST,
    ),
    "de": WordLists(
        "de",
        _words("wirf leg stell setz"),
        _words("blau grün rot weiß"),
        _words("an bei in mit"),
        _LATIN,
        _words("null eins zwei drei vier fünf sechs sieben acht neun"),
        _words("jetzt wieder bitte bald"),
        _ADVERB_FIRST,
    ),
    "el": WordLists(
        "el",
        _words("ρίξε άσε βάλε όρισε"),
        _words("μπλε πράσινο κόκκινο άσπρο"),
        _words("στο δίπλα μέσα με"),
        tuple("αβγδεζηθικλμνξοπρστυφχψω"),
        _words("μηδέν ένα δύο τρία τέσσερα πέντε έξι επτά οκτώ εννέα"),
        _words("τώρα ξανά παρακαλώ σύντομα"),
    ),
    "en": WordLists(
        "en-us",
        _words("bin lay place set"),
        _words("blue green red white"),
        _words("at by in with"),
        _LATIN,
        _words("zero one two three four five six seven eight nine"),
        _words("now again please soon"),
    ),
    "es": WordLists(
        "es",
        _words("tira pon coloca fija"),
        _words("azul verde rojo blanco"),
        _words("hacia por en con"),
        _LATIN,
        _words("cero uno dos tres cuatro cinco seis siete ocho nueve"),
        _words("ahora nuevamente por_favor pronto"),
        _COLOUR_LAST,
    ),
    "fr": WordLists(
        "fr",
        _words("jette pose place mets"),
        _words("bleu vert rouge blanc"),
        _words("vers par dans avec"),
        _LATIN,
        _words("zéro un deux trois quatre cinq six sept huit neuf"),
        _words("maintenant encore s'il_vous_plaît bientôt"),
        _COLOUR_LAST,
    ),
    "it": WordLists(
        "it",
        _words("butta posa metti fissa"),
        _words("blu verde rosso bianco"),
        _words("verso per in con"),
        _LATIN,
        _words("zero uno due tre quattro cinque sei sette otto nove"),
        _words("adesso ancora per_favore presto"),
        _COLOUR_LAST,
    ),
    "pt": WordLists(
        "pt-br",
        _words("joga deita coloca define"),
        _words("azul verde vermelho branco"),
        _words("até por em com"),
        _LATIN,
        _words("zero um dois três quatro cinco seis sete oito nove"),
        _words("agora novamente por_favor logo"),
        _COLOUR_LAST,
    ),
    "ru": WordLists(
        "ru",
        _words("брось положи поставь задай"),
        _words("синий зелёный красный белый"),
        _words("около при внутри вместе"),
        tuple("абвгдежзиклмнопрстуфхцчш"),
        _words("ноль один два три четыре пять шесть семь восемь девять"),
        _words("сейчас снова пожалуйста скоро"),
        _ADVERB_FIRST,
    ),
}
"""Language code -> its words; the nine languages of MuAViC."""

COMMANDS = Grammar(LEXICONS, Meaning, spelled="letter")
