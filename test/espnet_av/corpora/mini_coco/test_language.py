"""Tables of languages: as many forms as the captions need, and no two things under one name."""

import pytest

from espnet_av.corpora.mini_coco.language import (
    COLOURS,
    LANGUAGES,
    NUM_PLACES,
    RELATIONS,
    SHAPES,
    SIZES,
    WORDINGS,
)


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=list(LANGUAGES))
def test_every_entry_has_its_translation(language):
    sizes = {
        "shapes": len(SHAPES),
        "genders": len(SHAPES),
        "colours": len(COLOURS),
        "sizes": len(SIZES),
        "places": NUM_PLACES,
        "relations": len(RELATIONS),
        "sentences": len(WORDINGS),
    }
    for field, size in sizes.items():
        entries = getattr(language, field)
        assert len(entries) == size, field
        if field != "genders":
            assert len(set(entries)) == size, f"{field}: two are the same"
    assert max(language.genders) < len(language.articles)
    for forms in (*language.colours, *language.sizes):
        assert len(forms) > max(language.genders)


def test_adjectives_agree_in_french():
    french = LANGUAGES["fr"]
    assert french.colours[COLOURS.index("green")] == ("vert", "verte")
    assert french.colours[COLOURS.index("red")] == ("rouge", "rouge")
    feminine = [s for s, g in zip(french.shapes, french.genders, strict=True) if g == 1]
    assert feminine == ["étoile", "croix", "lune", "flèche"]
