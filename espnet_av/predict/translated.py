"""Texts that a translator makes of texts: of what was said, or of what a recogniser wrote."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from espnet_av.config import to_dict
from espnet_av.data.data_dir import DataDir, read_data_dir
from espnet_av.data.lengths import num_frames
from espnet_av.data.table import parse_table, write_table
from espnet_av.data.target import reference_texts
from espnet_av.errors import DataDirError
from espnet_av.fingerprint import file_fingerprint, fingerprint
from espnet_av.predict.condition import Condition, decode_again
from espnet_av.predict.results_dir import DONE, INFO, TRANSCRIPTS, is_done, write_results
from espnet_av.rates import FRAME_HZ
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.text_file import read_json

logger = logging.getLogger(__name__)

TranslateTexts = Callable[[Sequence[str], str, str], list[str]]
"""(texts, language they are in, language to write) -> translations."""


@dataclass(frozen=True, kw_only=True)
class TextSource:
    """Texts of a test set, in one condition."""

    folder: Path
    """Of the condition, below that of all results."""
    texts: Mapping[str, str]
    """Utterance -> text."""
    info: Mapping[str, Any]
    """What `decode.json` says of them: set, mode, noise, seconds, model."""


@dataclass(frozen=True, kw_only=True)
class Translated:
    """Translations of a condition, to be written as `write_results` asks."""

    found: Mapping[str, str]
    refs: Mapping[str, str]
    sources: Mapping[str, str]

    @property
    def utt_ids(self) -> list[str]:
        """Every utterance that has one."""
        return list(self.found)

    def write(self, folder: Path, data: DataDir) -> None:
        """Write `text`, `ref` and, as `ref.source`, what was said."""
        utt_ids = [u for u in data.utt_ids if u in self.found]
        write_table(folder / "text", {u: self.found[u] for u in utt_ids})
        write_table(folder / "ref", {u: self.refs[u] for u in utt_ids if u in self.refs})
        said = {u: self.sources[u] for u in utt_ids if u in self.sources and u in self.refs}
        if said:
            write_table(folder / "ref.source", said)


def transcripts_of(data: DataDir) -> TextSource:
    """What was said in a set: the ceiling of a cascade.

    Raises:
        DataDirError: it has no transcripts.
    """
    texts = data.tables.get("text", {})
    if not texts:
        msg = f"{data.path}/text: no such file, but its sentences are translated; leave this set "
        raise DataDirError(msg + "out, or give what a recogniser wrote with --of")
    condition = Condition(set_name=data.path.name, mode="A")
    seconds = sum(num_frames(data, utt_id) for utt_id in texts) / FRAME_HZ
    info = {
        "set": condition.set_name,
        "mode": "A",
        "noise": "clean",
        "snr_db": None,
        "audio_sec": seconds,
        "decode_sec": 0.0,
        "num_parameters": 0,
        "train_seed": 0,
    }
    return TextSource(folder=condition.folder, texts=texts, info=info)


def recognised(results: Path, set_name: str) -> Iterator[TextSource]:
    """What a recogniser wrote of a set, in every condition.

    Args:
        results: where its decoding wrote.
        set_name: of the set.

    Raises:
        DataDirError: it decoded no such set, or a condition is not finished.
    """
    folders = sorted(path.parent for path in (results / set_name).glob(f"*/{INFO}"))
    if not folders:
        msg = f"{results}/{set_name}: no decoded condition; run the decode stage (10) of this "
        raise DataDirError(msg + "recogniser on that set first")
    for folder in folders:
        if not (folder / DONE).is_file():
            msg = f"{folder}: decoding did not finish; {decode_again(folder)}"
            raise DataDirError(msg)
        # Nothing heard is a text, too.
        texts, _ = parse_table(folder / "text")
        info = read_json(folder / INFO, DataDirError, decode_again(folder))
        yield TextSource(folder=folder.relative_to(results), texts=texts, info=info)


def translate_set(
    dump_dir: Path,
    results: Path | None,
    out_dir: Path,
    translate: TranslateTexts,
    target_lang: str,
    config: DecodeConfig,
    told: Mapping[str, Any],
) -> list[Path]:
    """Translate a set in every condition; what is done already is kept.

    Args:
        dump_dir: of the set.
        results: of a recogniser; None: what was said.
        out_dir: receives the results, as a decoding of a translator of speech would write them.
        translate: the translator.
        target_lang: language to write.
        config: its search.
        told: of the translator: `model` (folder), `num_parameters`, `used_as`, `device`.

    Returns:
        Folders that were made.

    Raises:
        DataDirError: the set has no references, or no language of an utterance; see above.
        ConfigError: a language has no code.
    """
    data = read_data_dir(dump_dir)
    refs = reference_texts(data, target_lang)
    langs = data.tables.get("utt2lang", {})
    if not refs or not langs:
        table = "utt2lang" if refs else f"text.{target_lang}"
        msg = f"{dump_dir}/{table}: no such file, but translation needs it"
        raise DataDirError(msg)
    sources = [transcripts_of(data)] if results is None else recognised(results, dump_dir.name)
    made = []
    for source in sources:
        texts = {u: source.texts.get(u, "") for u in data.utt_ids if u in refs}
        key = _key(texts, langs, refs, target_lang, config, told)
        folder = out_dir / source.folder
        if is_done(folder, key):
            continue
        start = time.perf_counter()
        found = _by_language(texts, langs, translate, target_lang)
        seconds = time.perf_counter() - start
        info = _info(source, results, out_dir, target_lang, config, told, seconds, len(found))
        write_results(
            folder,
            Translated(found=found, refs=refs, sources=data.tables.get("text", {})),
            data=data,
            noises=[],
            missing=[],
            info=info,
            config=config,
            key=key,
        )
        logger.info("%s: %d texts, %.1f s", folder, len(found), seconds)
        made.append(folder)
    return made


def _by_language(
    texts: Mapping[str, str], langs: Mapping[str, str], translate: TranslateTexts, target: str
) -> dict[str, str]:
    groups: dict[str, list[str]] = {}
    for utt_id in texts:
        groups.setdefault(langs[utt_id], []).append(utt_id)
    found: dict[str, str] = {}
    for lang, utt_ids in sorted(groups.items()):
        written = translate([texts[utt_id] for utt_id in utt_ids], lang, target)
        found |= dict(zip(utt_ids, written, strict=True))
    return found


def _key(
    texts: Mapping[str, str],
    langs: Mapping[str, str],
    refs: Mapping[str, str],
    target: str,
    config: DecodeConfig,
    told: Mapping[str, Any],
) -> str:
    weights = sorted(Path(told["model"]).glob("*.safetensors"))
    record = {
        "rows": [(u, langs.get(u), text, refs[u]) for u, text in sorted(texts.items())],
        "target": target,
        "config": {k: v for k, v in to_dict(config).items() if k != "batch_frames"},
        "used_as": dict(told["used_as"]),
        "weights": [file_fingerprint(path) for path in weights],
    }
    return fingerprint([json.dumps(record, sort_keys=True)])


def _info(
    source: TextSource,
    results: Path | None,
    out_dir: Path,
    target_lang: str,
    config: DecodeConfig,
    told: Mapping[str, Any],
    seconds: float,
    num_utts: int,
) -> dict[str, Any]:
    info = source.info
    return {
        **{name: info.get(name) for name in ("set", "mode", "noise", "snr_db", "missing_video")},
        "kind": "text",
        "target_lang": target_lang,
        "translated_from": str(results) if results else TRANSCRIPTS,
        "num_utts": num_utts,
        "audio_sec": info["audio_sec"],
        "decode_sec": round(info["decode_sec"] + seconds, 3),
        "exp_dir": str(out_dir.parent),
        "checkpoint": str(told["model"]),
        "num_parameters": told["num_parameters"] + info["num_parameters"],
        "seed": info.get("seed", 0),
        "train_seed": info["train_seed"],
        "device": told["device"],
        "used_as": dict(told["used_as"]),
        "config": to_dict(config),
    }
