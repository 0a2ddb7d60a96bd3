"""Captions in several languages, spoken by any program."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import soundfile
from corpora_fixtures.clips import put, report
from corpora_fixtures.coco import build_captions, build_karpathy

from espnet_av.corpora.mlcoco import prepare_mlcoco
from espnet_av.corpora.spoken_captions import check_command
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import ConfigError, DataDirError, DroppedTooManyError

SPEAKER = """
import struct, sys, wave
voice, text, path = sys.argv[1], open(sys.argv[2], encoding="utf-8").read(), sys.argv[3]
if "boum" in text:
    sys.exit("cannot say boum")
with wave.open(path, "wb") as out:
    out.setnchannels(1); out.setsampwidth(2); out.setframerate(16000)
    count = 0 if "rien" in text else 8000
    out.writeframes(b"".join(struct.pack("<h", (n * len(voice) * 97) % 9000) for n in range(count)))
"""
VOICES = {"en": ["en+m1", "en+f1"], "fr": ["fr+m1", "fr+f1"]}
NUMBERS = [100 * image + k for image in (9, 25, 42, 73) for k in range(2)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return build_captions(tmp_path / "coco")


@pytest.fixture
def tts(tmp_path: Path) -> str:
    script = put(tmp_path / "speak.py", SPEAKER)
    return f"'{sys.executable}' -S '{script}' {{voice}} {{text_file}} {{wav}}"


def french(tmp_path: Path, **changed: str) -> dict[str, str]:
    rows = {n: f"Phrase numéro {n}." for n in NUMBERS}
    rows |= {int(number[1:]): text for number, text in changed.items()}
    lines = ["caption\ttext", *(f"{n}\t{text}" for n, text in rows.items() if text)]
    return {"fr": str(put(tmp_path / "fr.tsv", "\n".join(lines) + "\n"))}


def test_both_languages_of_an_image_share_its_name(root: Path, tts: str, tmp_path: Path) -> None:
    karpathy = build_karpathy(tmp_path / "k.json")
    counts = prepare_mlcoco(
        root, tmp_path / "data", voices=VOICES, translations=french(tmp_path), tts=tts,
        karpathy=karpathy, num_jobs=2,
    )  # fmt: skip
    assert counts == {"train_en": 6, "test_en": 2, "train_fr": 6, "test_fr": 2}
    english, spoken = (read_data_dir(tmp_path / "data" / f"train_{lang}") for lang in ("en", "fr"))
    assert set(english.tables["utt2image"].values()) == set(spoken.tables["utt2image"].values())
    assert set(spoken.tables["utt2spk"].values()) == {"mlcoco_fr_m1", "mlcoco_fr_f1"}
    utt_id = next(u for u in spoken.utt_ids if u.endswith("-fr-0004200"))
    assert spoken.get("text", utt_id) == "Phrase numéro 4200."
    assert spoken.get("utt2image", utt_id) == "COCO_val2014_000000000042"
    wave, fs = soundfile.read(spoken.tables["wav.scp"][utt_id])
    assert fs == 16000 and len(wave) == 8000

    # It is all there now: no program is needed, and none is run.
    again = prepare_mlcoco(
        root, tmp_path / "data", voices=VOICES, translations=french(tmp_path), karpathy=karpathy
    )
    assert again == counts


def test_a_run_that_was_stopped_goes_on(root: Path, tts: str, tmp_path: Path) -> None:
    options = {"voices": {"en": ["a", "b"]}, "captions_per_image": 1}
    prepare_mlcoco(root, tmp_path / "data", tts=tts, **options)
    wavs = sorted((tmp_path / "data/wav").rglob("*.wav"))
    assert len(wavs) == 4
    times = [path.stat().st_mtime_ns for path in wavs]
    wavs[1].unlink()
    with pytest.raises(ConfigError, match=r"1 of 4 captions are not spoken .*--tts 'espeak"):
        prepare_mlcoco(root, tmp_path / "data", **options)
    prepare_mlcoco(root, tmp_path / "data", tts=tts, **options)
    same = [path.stat().st_mtime_ns == time for path, time in zip(wavs, times, strict=True)]
    assert same == [True, False, True, True]


def test_what_cannot_be_said_is_named(root: Path, tts: str, tmp_path: Path) -> None:
    options = {"voices": {"fr": ["v"]}, "tts": tts}
    translations = french(tmp_path, n2501="boum", n4200="rien", n7300="")
    with pytest.raises(DroppedTooManyError, match=r"missing 2, no_translation 1"):
        prepare_mlcoco(root, tmp_path / "data", translations=translations, **options)
    told = (tmp_path / "data/prepare_report.tsv").read_text()
    assert "ended with status 1: cannot say boum" in told and "0.00 s, expected 0.2" in told
    assert ("mlcoco_v-fr-0002501", "not_spoken", "dropped") in report(tmp_path / "data")
    counts = prepare_mlcoco(
        root, tmp_path / "data", translations=translations, max_missing_ratio=0.5, **options
    )
    assert counts == {"train_fr": 3, "valid_fr": 2}


def test_commands_that_cannot_work_are_refused_at_once(root: Path, tmp_path: Path) -> None:
    for template, told in (
        ("say {wav} {voice}", r"no place for {text} or {text_file}"),
        ("say {text}", r"no place for {voice} and {wav}"),
        ("say {text} {wav} {voice} {speed}", r"cannot be filled \(KeyError"),
        ("say '{text}", r"cannot be filled"),
    ):
        with pytest.raises(ConfigError, match=told):
            check_command(template)
    options = {"voices": {"en": ["v"]}}
    with pytest.raises(ConfigError, match=r"no-such-program: No such file .*install it"):
        tts = "no-such-program {text} {voice} {wav}"
        prepare_mlcoco(root, tmp_path / "data", tts=tts, **options)
    with pytest.raises(ConfigError, match=r"the first 3 captions gave no sound: .*no sound was wr"):
        prepare_mlcoco(root, tmp_path / "data", tts="true {text} {voice} {wav}", **options)


def test_bad_calls_are_named(root: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="voices: name those of each language"):
        prepare_mlcoco(root, tmp_path / "data")
    with pytest.raises(ConfigError, match="translations: none into fr; give a table"):
        prepare_mlcoco(root, tmp_path / "data", voices=VOICES)
    with pytest.raises(ConfigError, match="two would be one speaker"):
        prepare_mlcoco(root, tmp_path / "data", voices={"en": ["a+b", "a b"]})
    table = put(tmp_path / "fr.tsv", "1\tx\nzwei\ty\n")
    with pytest.raises(DataDirError, match=r"fr.tsv:2: 'zwei' is no number of a caption"):
        prepare_mlcoco(root, tmp_path / "d", voices={"fr": ["v"]}, translations={"fr": str(table)})
