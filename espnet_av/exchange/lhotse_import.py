"""lhotse's cuts as a data dir, without lhotse."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from espnet_av.atomic import atomic_write
from espnet_av.data.data_dir import DataDir, write_data_dir
from espnet_av.data.dropped import Drop, check_dropped, write_dropped
from espnet_av.data.fields import find_table
from espnet_av.data.table import Segment
from espnet_av.errors import DataDirError
from espnet_av.exchange.lhotse_cuts import CUSTOM

UNKNOWN_LANG = "und"
"""Of an utterance whose language is not told where that of others is."""
_SAVE = "in lhotse, CutSet.save_audios(<folder>) makes files of such cuts"
_TOLERANCE_SEC = 1e-3


@dataclass
class _Tables:
    """What is gathered."""

    tables: dict[str, dict[str, str]] = field(default_factory=dict)
    ctm: dict[str, list[Segment]] = field(default_factory=dict)
    drops: list[Drop] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """lhotse's id of each id that had to be changed."""
    num_utts: int = 0

    def put(self, table: str, key: str, value: str, where: str) -> None:
        """Note a value; it must be the same as noted before."""
        before = self.tables.setdefault(table, {}).setdefault(key, value)
        if before != value:
            msg = f"{where}: {key} has '{value}' as its {table}, but '{before}' before; ids must "
            msg += "be unique: rename one of the two"
            raise DataDirError(msg)

    def name(self, wanted: str) -> str:
        """An id that may name files."""
        made = re.sub(r"[^A-Za-z0-9._-]|\.(?=\.)", "_", wanted)
        made = made if re.match(r"[A-Za-z0-9]", made) else f"x{made}"
        if made != wanted:
            self.names[made] = wanted
        return made


def read_cuts(path: Path, out_dir: Path, alignment: str, max_dropped_ratio: float) -> str:
    """Write a data dir of cuts: an utterance for every supervision, or for a cut without any.

    Args:
        path: `.jsonl`, or `.jsonl.gz`.
        out_dir: folder to write; what is left out is in its `dropped.tsv`.
        alignment: which alignment becomes `ctm`, `word` or `phone`.
        max_dropped_ratio: share of the utterances that may be left out.

    Returns:
        what was made, in words.

    Raises:
        DataDirError: a line is no cut, or two utterances have one id.
        DroppedTooManyError: more cuts than that are of a kind that a data dir has no place for.
    """
    found = _Tables()
    for where, cut in _lines(path):
        _take(found, cut, where, alignment)
    data = _complete(found, out_dir)
    write_dropped(out_dir / "dropped.tsv", found.drops)
    check_dropped(out_dir / "dropped.tsv", found.drops, found.num_utts, max_dropped_ratio)
    data = write_data_dir(out_dir, data.tables, data.ctm)
    text = f"{path} -> {out_dir}: {len(data.utt_ids)} utterances"
    if found.names:
        with atomic_write(out_dir / "lhotse_ids.tsv") as stream:
            stream.writelines(f"{made}\t{name}\n" for made, name in sorted(found.names.items()))
        text += f"; {len(found.names)} ids changed, as they name files (lhotse_ids.tsv)"
    for reason, count in Counter(drop.reason for drop in found.drops).items():
        text += f"; {count} left out: {reason}"
    return text


def _lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    cure = "give the cuts as lhotse's CutSet.to_file writes them (`lhotse cut simple` makes some)"
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                where = f"{path}:{number}"
                cut = json.loads(line)
                if not isinstance(cut, dict) or "type" not in cut or "id" not in cut:
                    msg = f"{where}: no cut of lhotse; {cure}"
                    raise DataDirError(msg)
                yield where, cut
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read ({error}); {cure}"
        raise DataDirError(msg) from error
    except json.JSONDecodeError as error:
        msg = f"{path}: not lines of JSON ({error}); {cure}"
        raise DataDirError(msg) from error


def _take(found: _Tables, cut: dict[str, Any], where: str, alignment: str) -> None:
    """Note the utterances of a cut, or why they are left out."""
    supervisions = cut.get("supervisions") or [{"id": cut["id"], "start": 0.0}]
    found.num_utts += len(supervisions)
    try:
        if reason := _fault(cut):
            found.drops += [Drop(str(one["id"]), reason, _SAVE) for one in supervisions]
            return
        recording = cut["recording"]
        name = _put_recording(found, recording, where)
        for one in supervisions:
            start = cut["start"] + max(0.0, one["start"])
            end = cut["start"] + min(cut["duration"], one["start"] + one.get("duration", 1e9))
            utt_id = found.name(str(one["id"]))
            _put_span(found, utt_id, name, start, end, recording["duration"], where)
            _put_words(found, utt_id, name, one, where, alignment)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        msg = f"{where}: a cut that lacks something, or has it in another form ({error!r}); write "
        msg += "the cuts with CutSet.to_file of a recent lhotse"
        raise DataDirError(msg) from error


def _fault(cut: dict[str, Any]) -> str:
    """Why a data dir has no place for a cut; empty: it has."""
    recording = cut.get("recording")
    if cut["type"] not in ("MonoCut", "MultiCut"):
        return f"a {cut['type']}, which is of several recordings or none"
    if not recording:
        return "a cut without its recording"
    if recording.get("transforms"):
        return "sound that lhotse changes as it reads it"
    sources = recording["sources"]
    if any(source["type"] != "file" for source in sources):
        return "sound that is in no file"
    if sum(bool(source["channels"]) for source in sources) > 1:
        return "channels in several files"
    channels = [channel for source in sources for channel in source["channels"]]
    wanted = cut["channel"] if isinstance(cut["channel"], list) else [cut["channel"]]
    if channels and set(wanted) != set(channels):
        return "one channel of several"
    return ""


def _put_recording(found: _Tables, recording: dict[str, Any], where: str) -> str:
    name = found.name(str(recording["id"]))
    for source in recording["sources"]:
        path = str(Path(source["source"]).absolute())
        if source["channels"]:
            found.put("wav.scp", name, path, where)
        if source.get("video"):
            found.put("video.scp", name, path, where)
    return name


def _put_span(
    found: _Tables, utt_id: str, name: str, start: float, end: float, whole: float, where: str
) -> None:
    is_whole = start == 0 and abs(end - whole) < _TOLERANCE_SEC
    if utt_id in found.tables.get("utt2spk", {}):
        msg = f"{where}: a second utterance '{utt_id}'; ids of supervisions must be unique"
        raise DataDirError(msg)
    if not is_whole or utt_id != name:
        stop = -1 if is_whole else round(min(end, whole), 6)
        found.put("segments", utt_id, f"{name} {round(start, 6)} {stop}", where)


def _put_words(
    found: _Tables, utt_id: str, name: str, one: dict[str, Any], where: str, alignment: str
) -> None:
    found.put("utt2spk", utt_id, found.name(str(one.get("speaker") or utt_id)), where)
    if text := " ".join((one.get("text") or "").split()):
        found.put("text", utt_id, text, where)
    if one.get("language"):
        found.put("utt2lang", utt_id, one["language"], where)
    for table, value in ((one.get("custom") or {}).get(CUSTOM) or {}).items():
        known = find_table(table)
        of_recording = known is not None and known.keyed_by == "segments"
        found.put(table, name if of_recording else utt_id, str(value), where)
    labels = (one.get("alignment") or {}).get(alignment) or []
    if labels:
        # lhotse counts from the start of the cut.
        found.ctm[utt_id] = [
            Segment(round(start - one["start"], 6), length, label)
            for label, start, length, *_ in labels
        ]


def _complete(found: _Tables, out_dir: Path) -> DataDir:
    """All utterances, but those without a text where others have one; languages of all or none."""
    utt_ids = set(found.tables.get("utt2spk", {}))
    if langs := found.tables.get("utt2lang"):
        for utt_id in utt_ids:
            langs.setdefault(utt_id, UNKNOWN_LANG)
    data = DataDir(out_dir, found.tables, found.ctm)
    texts = found.tables.get("text")
    if texts is None:
        return data
    cure = "write cuts without text to a file of their own, and import that as another set"
    missing = sorted(utt_ids - set(texts))
    found.drops += [Drop(utt_id, "no text, where others have one", cure) for utt_id in missing]
    return data.subset(set(texts))
