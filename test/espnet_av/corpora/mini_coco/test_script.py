"""Who says what: voices, splits, halves."""

from collections import Counter

import pytest

from espnet_av.corpora.mini_coco.config import Count, MiniCocoConfig
from espnet_av.corpora.mini_coco.script import write_scenes, write_script

CONFIG = MiniCocoConfig(
    scenes=Count(train=12, valid=3, test=4), sentences=Count(train=80, valid=6, test=12)
)


@pytest.fixture(scope="module")
def lines():
    return write_script(CONFIG)


def test_voices_of_sentences_are_in_one_split_and_those_of_captions_in_none(lines):
    def voices(part, split):
        return {line.voice for line in lines if (line.part, line.split) == (part, split)}

    groups = [voices("speech", split) for split in ("train", "valid", "test")]
    assert [len(group) for group in groups] == [20, 2, 6]
    captions = voices("caption", "train")
    assert captions == voices("caption", "valid") == voices("caption", "test") == {"m3", "f2"}
    everyone = Counter(voice for group in (*groups, captions) for voice in group)
    assert set(everyone.values()) == {1}


def test_every_voice_speaks_every_language(lines):
    assert {line.language for line in lines} == {"en", "fr"}
    for language in CONFIG.langs:
        assert {line.voice for line in lines if line.language == language} == (
            {line.voice for line in lines}
        )


def test_both_halves_of_training_have_every_voice(lines):
    train = [line for line in lines if (line.part, line.split) == ("speech", "train")]
    for half in "ab":
        assert len({line.voice for line in train if line.half == half}) == 20
    assert Counter(line.half for line in train) == {"a": 80, "b": 80}
    assert {line.half for line in lines if line not in train} == {""}


def test_captions_of_a_scene_are_spoken_by_both_voices_in_each_language(lines):
    of_first = [line for line in lines if line.image == "scene-000000"]
    assert len(of_first) == 2 * 2
    for language in CONFIG.langs:
        mine = [line for line in of_first if line.language == language]
        assert {line.voice for line in mine} == {"m3", "f2"}
        assert len({line.text for line in mine}) == 2


def test_no_scene_is_in_two_splits(lines):
    scenes = write_scenes(CONFIG)
    assert Counter(item.split for item in scenes) == {"train": 12, "valid": 3, "test": 4}
    assert len({item.scene for item in scenes}) == len({item.image for item in scenes}) == 19
    for line in lines:
        if line.image:
            assert line.split == next(s.split for s in scenes if s.image == line.image)


def test_ids_are_unique_and_sentences_have_the_words_asked_for(lines):
    assert len({line.utt_id for line in lines}) == len(lines)
    counts = {len(line.text.split()) for line in lines if line.part == "speech"}
    assert counts == {5, 6, 7}


def test_a_language_says_the_same_whatever_others_there_are(lines):
    alone = write_script(
        MiniCocoConfig(langs=("fr",), sentences=CONFIG.sentences, scenes=CONFIG.scenes)
    )
    speech = [line.text for line in alone if line.part == "speech"]
    assert speech == [x.text for x in lines if (x.part, x.language) == ("speech", "fr")]
