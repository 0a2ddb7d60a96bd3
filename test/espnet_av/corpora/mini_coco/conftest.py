"""Word lists of the tests: small ones, so that they need no further package."""

import pytest

from espnet_av.corpora.mini_coco import script

WORDS = {
    "en_US": ("above", "across", "behind", "church", "garden", "listen", "measure", "thing", "yes"),
    "fr_FR": ("absence", "bonjour", "chanter", "jardin", "lundi", "montagne", "oiseau", "vingt"),
    "es_ES": ("ahora", "cabeza", "gente", "jamón", "llave", "mañana", "perro", "zapato"),
}


@pytest.fixture(autouse=True, scope="session")
def _small_word_lists():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(script, "words_of", WORDS.__getitem__)
        yield
