"""CoVoST-2 both ways, joined to a release of Common Voice."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpora_fixtures.clips import coverage, put, report
from corpora_fixtures.faces_and_voices import VOLUNTEERS
from corpora_fixtures.translations import build_covost2

from espnet_av.corpora.covost2 import prepare_covost2
from espnet_av.data.combination import combine
from espnet_av.data.data_dir import DataDir, read_data_dir, write_data_dir
from espnet_av.data.target import target_texts
from espnet_av.dump.twins import Twins
from espnet_av.errors import DataDirError, DroppedTooManyError

SPEAKER = f"cv_fr_{VOLUNTEERS[0][:16]}"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return build_covost2(tmp_path / "root")


def prepare(root: Path, out_dir: Path, **options: object) -> dict[str, int]:
    return prepare_covost2(root / "cv", root / "covost", out_dir, num_jobs=1, **options)  # type: ignore[arg-type]


def join(out_dir: Path) -> list[list[str]]:
    return [line.split("\t") for line in (out_dir / "join.tsv").read_text().splitlines()]


def test_a_whole_copy_both_ways(root: Path, tmp_path: Path) -> None:
    counts = prepare(root, tmp_path / "data")
    assert counts == {
        f"{split}_{pair}": 2 if split == "train" else 1
        for pair in ("en_de", "en_ja", "fr_en")
        for split in ("train", "valid", "test")
    }
    train = read_data_dir(tmp_path / "data/train_fr_en")
    utt_id = f"{SPEAKER}-common_voice_fr_0-en"
    assert train.get("text", utt_id) == "Sentence 0"
    assert train.get("text.en", utt_id) == "In en, 0"
    assert (train.get("utt2lang", utt_id), train.get("utt2target", utt_id)) == ("fr", "en")
    assert train.get("utt2spk", utt_id) == SPEAKER
    assert target_texts(train, None)[utt_id] == "In en, 0"
    assert report(tmp_path / "data") == []
    assert join(tmp_path / "data")[1:] == [[p, "4", "4", "100.00"] for p in counts_pairs(counts)]
    rows = coverage(tmp_path / "data")
    assert rows["train_en_ja", "en"]["found"] == "2"
    hours = {part: row["published_hours"] for (part, _), row in rows.items()}
    assert (hours["train_fr_en"], hours["train_en_de"], hours["test_fr_en"]) == ("264", "430", "-")


def counts_pairs(counts: dict[str, int]) -> list[str]:
    return list(dict.fromkeys(name.split("_", 1)[1] for name in counts))


def test_targets_of_one_sound_are_twins(root: Path, tmp_path: Path) -> None:
    prepare(root, tmp_path / "data", pairs=["en_ja", "en_de"])
    sources = [read_data_dir(tmp_path / f"data/test_en_{lang}") for lang in ("de", "ja")]
    both: DataDir = write_data_dir(tmp_path / "both", *combine(sources))
    first, second = both.utt_ids
    assert target_texts(both, None) == {first: "In de, 3", second: "In ja, 3"}
    twins = Twins(both)
    assert (twins.before(first), twins.before(second)) == (None, first)


def test_languages_of_two_parts(tmp_path: Path) -> None:
    root = build_covost2(tmp_path / "root", ["zh-CN_en", "en_zh-CN"])
    prepare(root, tmp_path / "data")
    chinese = read_data_dir(tmp_path / "data/test_zh-CN_en")
    assert list(chinese.tables["utt2lang"].values()) == ["zh-CN"]
    english = read_data_dir(tmp_path / "data/test_en_zh-CN")
    (utt_id,) = english.utt_ids
    assert utt_id.endswith("-common_voice_en_3-zh-CN")
    assert english.get("text.zh-CN", utt_id) == target_texts(english, None)[utt_id]


def test_what_a_release_has_no_more_is_counted(root: Path, tmp_path: Path) -> None:
    validated = root / "cv/fr/validated.tsv"
    lines = validated.read_text().splitlines()
    # Names without suffix, as in early releases; columns in another order; a clip taken back.
    header = "path\tclient_id\tsentence\taccent"
    rows = [line.split("\t") for line in lines[1:-1]]
    put(validated, "\n".join([header, *(f"{r[1][:-4]}\t{r[0]}\t{r[3]}\t" for r in rows)]) + "\n")
    counts = prepare(root, tmp_path / "data", pairs=["fr_en"], max_missing_ratio=0.25)
    assert counts == {"train_fr_en": 2, "valid_fr_en": 1}
    assert join(tmp_path / "data") == [
        ["pair", "listed", "in_validated", "percent"],
        ["fr_en", "4", "3", "75.00"],
    ]
    assert report(tmp_path / "data") == [
        ("cv_fr_common_voice_fr_3-en", "not_in_release", "dropped")
    ]
    with pytest.raises(DroppedTooManyError, match=r"not_in_release 1.*max_missing_ratio 0\.26"):
        prepare(root, tmp_path / "data", pairs=["fr_en"])


def test_quotes_and_stray_tabs(root: Path, tmp_path: Path) -> None:
    put(
        root / "covost/covost_v2.fr_en.tsv",
        "path\ttranslation\tsplit\n"
        'common_voice_fr_0.mp3\t"Good-bye," said \\"he\\".\ttrain\n'
        "common_voice_fr_1.mp3\ta\tb\\\tc\ttrain\n"
        'common_voice_fr_2.mp3\t"\tdev\t\t\n'
        "common_voice_fr_3.mp3\t  \ttest\n",
    )
    validated = root / "cv/fr/validated.tsv"
    put(validated, validated.read_text().replace("Sentence 0", 'A\t"b" c'))
    prepare(root, tmp_path / "data", pairs=["fr_en"], max_missing_ratio=0.25)
    train = read_data_dir(tmp_path / "data/train_fr_en")
    assert list(train.tables["text.en"].values()) == ['"Good-bye," said "he".', "a b c"]
    assert list(train.tables["text"].values()) == ['A "b" c', "Sentence 1"]
    valid = read_data_dir(tmp_path / "data/valid_fr_en")
    assert list(valid.tables["text.en"].values()) == ['"']
    assert sorted(line[1:] for line in report(tmp_path / "data")) == [
        ("no_translation", "dropped"),
        ("stray_tab", "kept, the tab is a space"),
        ("stray_tab", "kept, the tab is a space"),
    ]


def test_damaged_and_empty_sound_and_sentences(
    root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clips = root / "cv/fr/clips"
    put(clips / "common_voice_fr_0.mp3", b"")
    (clips / "common_voice_fr_2.mp3").unlink()
    validated = root / "cv/fr/validated.tsv"
    put(validated, validated.read_text().replace("Sentence 1", ""))
    counts = prepare(root, tmp_path / "data", pairs=["fr_en"], max_missing_ratio=0.5)
    assert counts == {"train_fr_en": 1, "test_fr_en": 1}
    assert "has no `text`" not in caplog.text
    assert {(utt.rsplit("_", 1)[1], *why) for utt, *why in report(tmp_path / "data")} == {
        ("0-en", "unreadable", "dropped"),
        ("1-en", "no_transcript", "kept with its translation"),
        ("2-en", "missing", "dropped"),
    }
    train = read_data_dir(tmp_path / "data/train_fr_en")
    assert "text" not in train.tables and list(train.tables["text.en"].values()) == ["In en, 1"]


def test_other_parts_and_bad_lists_are_named(root: Path, tmp_path: Path) -> None:
    tsv = root / "covost/covost_v2.fr_en.tsv"
    with tsv.open("a") as stream:
        stream.write("common_voice_fr_1.mp3\tOld\tdev_covost\n")
    prepare(root, tmp_path / "data", pairs=["fr_en"])
    assert report(tmp_path / "data") == [("common_voice_fr_1", "other_split", "left out")]
    for content, told in (
        ("path\ttranslation\n", r"fr_en\.tsv:1: no column split"),
        ("path\ttranslation\tsplit\nx\ty\n", r"fr_en\.tsv:2: 2 columns, the header has 3"),
        ("", r"fr_en\.tsv:1: no column path, translation, split"),
    ):
        put(tsv, content)
        with pytest.raises(DataDirError, match=told):
            prepare(root, tmp_path / "data", pairs=["fr_en"])
    with pytest.raises(DataDirError, match=r"unknown key 'fr_de'.*valid keys: en_de, en_ja, fr_en"):
        prepare(root, tmp_path / "data", pairs=["fr_de"])
    (root / "cv/fr/validated.tsv").unlink()
    put(tsv, "path\ttranslation\tsplit\n")
    with pytest.raises(DataDirError, match=r"delta releases lack.*or leave its pairs out"):
        prepare(root, tmp_path / "data")
    assert prepare(root, tmp_path / "data", pairs=["en_de"])["test_en_de"] == 1
    with pytest.raises(DataDirError, match=r"no list such as covost_v2\.fr_en\.tsv.*COVOST2="):
        prepare_covost2(root / "cv", tmp_path / "cv", tmp_path / "data")
