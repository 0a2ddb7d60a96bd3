"""Who says what."""

from espnet_av.corpora.mini_av import MiniAvConfig
from espnet_av.corpora.mini_av.script import write_script

CONFIG = MiniAvConfig(
    langs=("en", "de"), num_train=30, num_valid=5, num_test=8, num_test_unseen=4, seed=5
)


def test_sizes_and_ids():
    lines = write_script(CONFIG)
    assert len(lines) == 2 * 47
    assert len({line.utt_id for line in lines}) == len(lines)
    assert lines[0].utt_id == "en_m1-000000"
    assert lines[0].video == "en/video/train/en_m1/000000.mp4"


def test_no_sentence_is_in_two_splits():
    meanings = {}
    for line in write_script(CONFIG):
        assert meanings.setdefault(line.meaning, line.split) == line.split


def test_languages_are_parallel():
    english, german = (
        [line for line in write_script(CONFIG) if line.language == language]
        for language in ("en", "de")
    )
    for one, other in zip(english, german, strict=True):
        assert (one.number, one.split, one.texts) == (other.number, other.split, other.texts)


def test_unseen_speakers_are_unseen():
    lines = write_script(CONFIG)
    seen = {line.speaker for line in lines if line.split != "test_unseen"}
    assert seen == set(CONFIG.speakers)
    assert {line.speaker for line in lines if line.split == "test_unseen"} == {"m7", "f5"}


def test_script_is_pinned():
    texts = [line.texts[line.language] for line in write_script(CONFIG)[:4]]
    assert texts == [
        "lay white with x four soon",
        "bald leg weiß mit x vier",
        "lay white with v nine soon",
        "bald leg weiß mit v neun",
    ]
