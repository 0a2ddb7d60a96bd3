"""Captions say what is on the picture, and all of them together say everything."""

from itertools import islice

import numpy as np
import pytest

from espnet_av.corpora.mini_coco.caption import captions, draw_captions
from espnet_av.corpora.mini_coco.language import LANGUAGES
from espnet_av.corpora.mini_coco.scene import Thing, draw_scenes

SCENE = (Thing(0, 0, 0, 0), Thing(4, 3, 1, 1), Thing(5, 6, 2, 0))
"""A big red circle at the top left, a small green star in the middle, a big blue moon beside it."""


def test_english():
    found = list(captions(SCENE, "en"))
    assert "a big red circle is above a small green star" in found
    assert "a big blue moon is to the right of a small green star" in found
    assert "there is a small green star in the middle" in found
    assert "there is a big red circle in the top left corner" in found
    assert "a big blue moon and a big red circle" in found
    assert len(found) == len(set(found)) == 6 + 3 + 6


def test_french_and_spanish_agree_and_elide():
    french = set(captions(SCENE, "fr"))
    assert "un grand cercle rouge est au-dessus d'une petite étoile verte" in french
    assert "une grande lune bleue se trouve à droite d'une petite étoile verte" in french
    assert "une petite étoile verte est sous un grand cercle rouge" in french
    spanish = set(captions(SCENE, "es"))
    assert "hay una luna azul grande a la derecha" in spanish
    assert "una luna azul grande y una estrella verde pequeña" in spanish


@pytest.mark.parametrize("language", LANGUAGES)
def test_scenes_with_equal_captions_are_equal(language):
    scenes = list(islice(draw_scenes(np.random.default_rng(5)), 60))
    # Neighbours that differ in one thing alone are the hard ones.
    for key in ("shape", "colour", "size", "place"):
        first = scenes[0][0]
        taken = {thing.place for thing in scenes[0]}
        value = min(set(range(9)) - taken) if key == "place" else 1 - min(1, getattr(first, key))
        changed = first._replace(**{key: value})
        scenes.append(tuple(sorted((changed, *scenes[0][1:]))))
    sets = [frozenset(captions(scene, language)) for scene in scenes]
    assert len(set(sets)) == len(set(scenes)) == 64


def test_wordings_take_turns_and_languages_say_the_same():
    drawn = draw_captions(SCENE, ["en", "fr"], 3, np.random.default_rng(1))
    assert {len(texts) for texts in drawn} == {2}
    english = [texts["en"].split() for texts in drawn]
    marks = sorted(min({"and", "is", "there"} & set(words), key=words.index) for words in english)
    assert marks == ["and", "is", "there"]
    for texts in drawn:
        assert list(captions(SCENE, "en")).index(texts["en"]) == (
            list(captions(SCENE, "fr")).index(texts["fr"])
        )


def test_of_one_thing_only_its_place_is_told():
    drawn = draw_captions(SCENE[1:2], ["en"], 4, np.random.default_rng(1))
    assert {texts["en"] for texts in drawn} == {"there is a small green star in the middle"}
