"""What a language has to say about scenes; a further language is a further entry of `LANGUAGES`."""

from __future__ import annotations

from dataclasses import dataclass

SHAPES = ("circle", "square", "triangle", "star", "heart", "cross", "moon", "arrow")
COLOURS = ("red", "green", "blue", "yellow", "black", "white", "purple", "orange")
SIZES = ("big", "small")
NUM_PLACES = 9
"""Cells of three rows of three, from the top left one."""
RELATIONS = ("left", "right", "above", "below")
WORDINGS = ("relation", "place", "list")
"""One thing beside another; a thing and where it is; two things."""


@dataclass(frozen=True, kw_only=True)
class Language:
    """Words, forms and sentences; entries of a tuple translate those of every other language."""

    voice: str
    """Voice name of the speech engine."""
    words: str
    """Name of the list that sentences without pictures are drawn from, in `word_list`."""
    articles: tuple[str, ...]
    """Indefinite, for each gender."""
    shapes: tuple[str, ...]
    genders: tuple[int, ...]
    """Of each shape: which article, and which form of the adjectives."""
    colours: tuple[tuple[str, ...], ...]
    """For each colour its forms by gender."""
    sizes: tuple[tuple[str, ...], ...]
    thing: str
    """Order of article, size, colour and shape."""
    places: tuple[str, ...]
    relations: tuple[str, ...]
    """What stands between two things, as in `is above`; it is followed by an article."""
    sentences: tuple[str, ...]
    """One for each of `WORDINGS`, of a, b (things), at_a (place of a) and a relation."""


def _forms(text: str) -> tuple[tuple[str, ...], ...]:
    """`bleu/bleue rouge` -> (("bleu", "bleue"), ("rouge", "rouge"))."""
    pairs = [word.split("/") for word in text.split()]
    return tuple((pair[0], pair[-1]) for pair in pairs)


LANGUAGES = {
    "en": Language(
        voice="en-us",
        words="en_US",
        articles=("a",),
        shapes=SHAPES,
        genders=(0,) * len(SHAPES),
        colours=_forms(" ".join(COLOURS)),
        sizes=_forms(" ".join(SIZES)),
        thing="{article} {size} {colour} {shape}",
        places=(
            "in the top left corner", "at the top", "in the top right corner",
            "on the left", "in the middle", "on the right",
            "in the bottom left corner", "at the bottom", "in the bottom right corner",
        ),
        relations=("is to the left of", "is to the right of", "is above", "is below"),
        sentences=(
            "{a} {relation} {b}",
            "there is {a} {at_a}",
            "{a} and {b}",
        ),
    ),
    "fr": Language(
        voice="fr",
        words="fr_FR",
        articles=("un", "une"),
        shapes=("cercle", "carré", "triangle", "étoile", "cœur", "croix", "lune", "flèche"),
        genders=(0, 0, 0, 1, 0, 1, 1, 1),
        colours=_forms(
            "rouge vert/verte bleu/bleue jaune noir/noire blanc/blanche violet/violette orange"
        ),
        sizes=_forms("grand/grande petit/petite"),
        thing="{article} {size} {shape} {colour}",
        places=(
            "en haut à gauche", "en haut", "en haut à droite",
            "à gauche", "au milieu", "à droite",
            "en bas à gauche", "en bas", "en bas à droite",
        ),
        relations=(
            "se trouve à gauche d'", "se trouve à droite d'", "est au-dessus d'", "est sous",
        ),
        sentences=(
            "{a} {relation} {b}",
            "il y a {a} {at_a}",
            "{a} et {b}",
        ),
    ),
    "es": Language(
        voice="es",
        words="es_ES",
        articles=("un", "una"),
        shapes=(
            "círculo", "cuadrado", "triángulo", "estrella", "corazón", "cruz", "luna", "flecha",
        ),
        genders=(0, 0, 0, 1, 0, 1, 1, 1),
        colours=_forms("rojo/roja verde azul amarillo/amarilla negro/negra blanco/blanca "
                       "morado/morada naranja"),
        sizes=_forms("grande pequeño/pequeña"),
        thing="{article} {shape} {colour} {size}",
        places=(
            "arriba a la izquierda", "arriba", "arriba a la derecha",
            "a la izquierda", "en el centro", "a la derecha",
            "abajo a la izquierda", "abajo", "abajo a la derecha",
        ),
        relations=(
            "está a la izquierda de", "está a la derecha de", "está encima de", "está debajo de",
        ),
        sentences=(
            "{a} {relation} {b}",
            "hay {a} {at_a}",
            "{a} y {b}",
        ),
    ),
}  # fmt: skip
"""Language code -> what it says."""
