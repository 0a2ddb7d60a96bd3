"""Which utterances of a data dir a model learns from or is tested on, and what it is to write."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from espnet_av.data.data_dir import DataDir
from espnet_av.errors import DataDirError


def target_table(target_lang: str | None) -> str:
    """Table of the target text: `text` (None), or the translations `text.<lang>`."""
    return "text" if target_lang is None else f"text.{target_lang}"


def target_texts(data: DataDir, target_lang: str | None) -> Mapping[str, str]:
    """Target text by utterance; translations may be there for some utterances only.

    Where `utt2target` says in which language each utterance is to be written, its text is in that
    language: from `text.<lang>`, or from `text` if it is spoken in that language, or if there is
    nothing but `text`, which then holds each utterance's own. With `target_lang` it is only of the
    utterances with that target.

    Raises:
        DataDirError: there is no such table; those that are there are named.
    """
    targets = data.tables.get("utt2target")
    if targets is None:
        return _existing(data, target_table(target_lang))
    if target_lang is not None and target_lang not in targets.values():
        there = ", ".join(sorted(set(targets.values())))
        msg = f"{data.path}/utt2target: no utterance is to be written in '{target_lang}', but in "
        raise DataDirError(msg + there)
    translated = any(name.startswith("text.") for name in data.tables)
    texts: dict[str, str] = {}
    for utt_id, lang in targets.items():
        if target_lang in (None, lang):
            as_spoken = not translated or data.get("utt2lang", utt_id) == lang
            text = _existing(data, "text" if as_spoken else f"text.{lang}").get(utt_id)
            if text is not None:
                texts[utt_id] = text
    return texts


def reference_texts(data: DataDir, target_lang: str | None) -> Mapping[str, str]:
    """The same, and nothing at all where there is no such table."""
    one_table = "utt2target" not in data.tables
    lacking = one_table and target_table(target_lang) not in data.tables
    return {} if lacking else target_texts(data, target_lang)


def _existing(data: DataDir, name: str) -> Mapping[str, str]:
    if name not in data.tables:
        there = sorted(table for table in data.tables if table.split(".")[0] == "text")
        cure = f"there are: {', '.join(there)}" if there else "the set has no transcript at all"
        msg = f"{data.path}/{name}: no such file, but transcripts are needed ({cure})"
        raise DataDirError(msg)
    return data.tables[name]


def text_lang(data: DataDir, utt_id: str, target_lang: str | None) -> str | None:
    """Language of an utterance's target text; None: not known."""
    return target_lang or data.get("utt2target", utt_id) or data.get("utt2lang", utt_id)


def select_langs(data: DataDir, langs: Collection[str] | None) -> DataDir:
    """The utterances spoken in some of the languages; None: all.

    Raises:
        DataDirError: no utterance is in one of them; the languages that are there are named.
    """
    if langs is None:
        return data
    spoken = data.tables.get("utt2lang", {})
    absent = sorted(set(langs) - set(spoken.values()))
    if absent:
        there = ", ".join(sorted(set(spoken.values()))) or "none, as there is no such file"
        msg = f"{data.path}/utt2lang: no utterance in '{absent[0]}'; languages there: {there}"
        raise DataDirError(msg)
    return data.subset(utt_id for utt_id in data.utt_ids if spoken.get(utt_id) in langs)


def check_only_langs(data: DataDir, only: Collection[str] | None) -> None:
    """Check that nothing is spoken in a language that is not to be shown; None: all may be.

    Raises:
        DataDirError: something is, or it is not known; the first utterance is named.
    """
    if only is None:
        return
    spoken = data.tables.get("utt2lang", {})
    for utt_id in data.utt_ids:
        if spoken.get(utt_id) not in only:
            msg = (
                f"{data.path}/utt2lang: {utt_id} is spoken in '{spoken.get(utt_id, 'unknown')}', "
                f"but only_langs has {', '.join(only)}: tests of other languages would not be "
                "zero-shot; take this set out of those that are learnt from, or set "
                f"dataset.langs=[{','.join(only)}]"
            )
            raise DataDirError(msg)


def shared_meanings(data: DataDir, utt_ids: Collection[str]) -> Mapping[str, str]:
    """What utterances in several languages say, in one that all are translated into.

    Transcripts in different languages are never the same text, though they say the same.

    Returns:
        utterance -> text; nothing where all are in one language, or none has them all.
    """
    if len({data.get("utt2lang", utt_id) for utt_id in utt_ids}) < 2:
        return {}
    names = sorted(name for name in data.tables if name.startswith("text."))
    for name in sorted(names, key=lambda name: name != "text.en"):
        if data.tables[name].keys() >= set(utt_ids):
            return {utt_id: data.tables[name][utt_id] for utt_id in utt_ids}
    return {}
