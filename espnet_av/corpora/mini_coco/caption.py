"""What can be said about a scene in a language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations

import numpy as np

from espnet_av.corpora.mini_coco.language import LANGUAGES, RELATIONS, WORDINGS, Language
from espnet_av.corpora.mini_coco.scene import Scene, Thing

_NUM_THINGS = {"relation": 2, "place": 1, "list": 2}


def captions(scene: Scene, language: str) -> Iterator[str]:
    """Every caption of a scene; equal sets of captions belong to equal scenes."""
    for wording in WORDINGS:
        for things in permutations(scene, _NUM_THINGS[wording]):
            yield _caption(things, wording, LANGUAGES[language])


def draw_captions(
    scene: Scene, languages: Sequence[str], count: int, rng: np.random.Generator
) -> list[dict[str, str]]:
    """Several captions of a scene, each in every language, with different wordings in turn.

    Args:
        scene: what is captioned.
        languages: keys of the result.
        count: captions.
        rng: draws the wordings and the things.
    """
    usable = [wording for wording in WORDINGS if _NUM_THINGS[wording] <= len(scene)]
    first = int(rng.integers(len(usable)))
    found = []
    for number in range(count):
        wording = usable[(first + number) % len(usable)]
        order = rng.permutation(len(scene))[: _NUM_THINGS[wording]]
        things = [scene[index] for index in order]
        found.append({code: _caption(things, wording, LANGUAGES[code]) for code in languages})
    return found


def _caption(things: Sequence[Thing], wording: str, language: Language) -> str:
    sentence = language.sentences[WORDINGS.index(wording)]
    slots = {}
    for letter, thing in zip("ab", things, strict=False):
        slots[letter] = _name(thing, language)
        slots[f"at_{letter}"] = language.places[thing.place]
    if len(things) > 1:
        slots["relation"] = language.relations[RELATIONS.index(_relation(*things))]
    # An elided word joins the article: d' un -> d'un.
    return sentence.format(**slots).replace("' ", "'")


def _name(thing: Thing, language: Language) -> str:
    gender = language.genders[thing.shape]
    return language.thing.format(
        article=language.articles[gender],
        size=language.sizes[thing.size][gender],
        colour=language.colours[thing.colour][gender],
        shape=language.shapes[thing.shape],
    )


def _relation(first: Thing, second: Thing) -> str:
    """Where the first is, seen from the second: rows count before columns."""
    (row, column), (other_row, other_column) = divmod(first.place, 3), divmod(second.place, 3)
    if row != other_row:
        return "above" if row < other_row else "below"
    return "left" if column < other_column else "right"
