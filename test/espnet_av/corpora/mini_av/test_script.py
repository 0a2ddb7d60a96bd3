"""Who says what."""

from espnet_av.corpora.mini_av import MiniAvConfig
from espnet_av.corpora.mini_av.script import write_script, write_texts

CONFIG = MiniAvConfig(
    langs=("en", "de"), num_train=30, num_valid=5, num_test=8, num_test_unseen=4, seed=5
)

TALES = MiniAvConfig(
    grammar="tales", langs=("de", "tr"), num_train=6, num_valid=1, num_test=2, num_test_unseen=0,
    own_sentences=True, pictures=False, num_texts=9,
)  # fmt: skip


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


def test_languages_learn_from_their_own_sentences_and_are_tested_with_the_same():
    lines = write_script(TALES)
    said = {
        (line.split, lang): {line.meaning for line in lines if line.language == lang}
        for line in lines
        for lang in TALES.langs
    }
    train = [
        {line.meaning for line in lines if (line.split, line.language) == ("train", lang)}
        for lang in TALES.langs
    ]
    assert [len(meanings) for meanings in train] == [6, 6] and train[0].isdisjoint(train[1])
    assert said["test", "de"] - train[0] == said["test", "tr"] - train[1]
    assert len({line.number for line in lines}) == 6 + 6 + 1 + 2
    assert {line.video.rpartition(".")[2] for line in lines} == {"flac"}


def test_what_is_only_written_is_never_said():
    texts, lines = write_texts(TALES), write_script(TALES)
    assert len(texts) == 9 and all(len(sentence) == 10 for sentence in texts)
    spoken = {line.texts["en"] for line in lines}
    assert spoken.isdisjoint({sentence["en"] for sentence in texts})
