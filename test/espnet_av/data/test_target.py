"""Which text an utterance is to be written as."""

from __future__ import annotations

from pathlib import Path

import pytest

from espnet_av.data.data_dir import DataDir
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.data.target import check_only_langs, target_texts, text_lang
from espnet_av.errors import DataDirError

IDS = ("u-de", "u-en", "u-fr")


def data(**tables: dict[str, str]) -> DataDir:
    named = {name.replace("_", "."): rows for name, rows in tables.items()}
    return DataDir(Path("d"), {"utt2spk": dict.fromkeys(IDS, "s"), **named})


TARGETS = {"u-de": "de", "u-en": "en", "u-fr": "fr"}
SPOKEN = dict.fromkeys(IDS, "en")


def test_each_utterance_has_its_own_text_where_nothing_else_is_there() -> None:
    own = {"u-de": "ja", "u-en": "yes", "u-fr": "oui"}
    made = data(text=own, utt2target=TARGETS, utt2lang=SPOKEN)
    assert target_texts(made, None) == own
    assert [text_lang(made, utt_id, None) for utt_id in IDS] == ["de", "en", "fr"]


def test_translations_come_from_the_tables_of_their_languages() -> None:
    made = data(
        text=dict.fromkeys(IDS, "yes"),
        text_de={"u-de": "ja", "u-en": "ja"},
        text_fr={"u-de": "oui"},
        utt2target=TARGETS,
        utt2lang=SPOKEN,
    )
    # u-fr has no translation of its own, and its transcript is none.
    assert target_texts(made, None) == {"u-de": "ja", "u-en": "yes"}
    assert target_texts(made, "de") == {"u-de": "ja"}


def test_a_target_without_its_table_or_its_language_is_told() -> None:
    made = data(text_de={"u-de": "ja"}, utt2target=TARGETS)
    with pytest.raises(DataDirError, match=r"d/text.en: no such file.*there are: text.de"):
        target_texts(made, None)
    with pytest.raises(DataDirError, match="no utterance is to be written in 'ru', but in de, en"):
        target_texts(made, "ru")


def test_without_targets_one_table_is_all() -> None:
    made = data(text=dict.fromkeys(IDS, "yes"), text_de={"u-de": "ja"}, utt2lang=SPOKEN)
    assert target_texts(made, "de") == {"u-de": "ja"}
    assert set(target_texts(made, None)) == set(IDS)
    assert text_lang(made, "u-de", None) == "en"
    assert text_lang(made, "u-de", "de") == "de"


def test_a_language_that_is_not_to_be_shown_is_refused(tmp_path):
    data = DataDir(tmp_path, {"utt2spk": {"a": "s", "b": "s"}, "utt2lang": {"a": "fr", "b": "it"}})
    check_only_langs(data, None)
    check_only_langs(data, ("fr", "it"))
    with pytest.raises(DataDirError, match=r"utt2lang: b is spoken in 'it', but only_langs has fr"):
        check_only_langs(data, ("fr", "de"))
    unknown = DataDir(tmp_path, {"utt2spk": {"a": "s"}})
    with pytest.raises(DataDirError, match="a is spoken in 'unknown'"):
        check_only_langs(unknown, ("fr",))
    assert DatasetConfig(only_langs=("fr",)).for_tests().only_langs is None
