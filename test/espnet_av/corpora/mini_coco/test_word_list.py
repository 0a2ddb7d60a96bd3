"""Word lists of another package."""

import pytest

from espnet_av.corpora.mini_coco.word_list import package_version, words_of
from espnet_av.errors import MediaError


def test_lists_are_long_plain_and_sorted():
    pytest.importorskip("faker", reason="the word lists are those of Faker")
    for name in ("en_US", "fr_FR", "es_ES"):
        words = words_of(name)
        assert len(words) > 800
        assert list(words) == sorted(set(words))
        assert all(word.isalpha() and word.islower() and len(word) > 1 for word in words)
    assert package_version()[0].isdigit()


def test_what_is_not_there_is_named():
    with pytest.raises(MediaError, match=r"word list xx_XX of Faker: pip install faker"):
        words_of("xx_XX")
