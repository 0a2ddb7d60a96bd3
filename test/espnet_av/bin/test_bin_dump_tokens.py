"""The dump and tokens stages as av.sh calls them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from espnet_av.bin import dump, tokens
from espnet_av.data.data_dir import Segment, write_data_dir
from espnet_av.data.tokenizer import Tokenizer


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    tables: dict[str, dict[str, str]] = {"wav.scp": {}, "utt2spk": {}, "text": {}}
    for index in range(5):
        soundfile.write(tmp_path / f"u{index}.wav", np.full(8000, 0.1), 16000)
        tables["wav.scp"][f"u{index}"] = str(tmp_path / f"u{index}.wav")
        tables["utt2spk"][f"u{index}"] = "s"
        tables["text"][f"u{index}"] = "bin blue ça"
    ctm = {"u1": [Segment(0.0, 0.1, "sil"), Segment(0.1, 0.2, "bin"), Segment(0.3, 0.1, "sil")]}
    write_data_dir(tmp_path / "data", tables, ctm)
    (tmp_path / "dump.yaml").write_text("shard_utts: 2\nmax_duration: 10s\n")
    return tmp_path / "data"


def test_jobs_then_finish(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "dump"
    arguments = ["--config", str(tmp_path / "dump.yaml"), "--override", "min_duration=0.1"]
    places = [str(data_dir), str(tmp_path / "roi"), str(out)]
    for job in ("1", "2"):
        dump.main([*arguments, *places, "--job", job, "--num_jobs", "2"])
    dump.main([*arguments, *places, "--finish"])
    speed, made = capsys.readouterr().out.splitlines()
    assert speed.startswith("dump: ")
    assert made == f"{data_dir} -> {out}: 5 utterances"
    summary = yaml.safe_load((out / "dump.yaml").read_text())
    assert summary["config"]["max_duration"] == 10.0
    assert summary["config"]["min_duration"] == 0.1
    assert (out / "provenance.yaml").exists() and (out / "config.yaml").exists()


def test_errors_end_with_their_name(data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "dump.yaml").write_text("shard_uts: 2\n")
    arguments = ["--config", str(tmp_path / "dump.yaml"), str(data_dir), "roi", str(tmp_path / "o")]
    with pytest.raises(SystemExit, match=r"ConfigError: .*did you mean 'shard_utts'"):
        dump.main(arguments)
    (data_dir / "text").write_text("u0\n")
    with pytest.raises(SystemExit, match=r"DataDirError: .*text:1: u0: empty transcript"):
        tokens.main([str(data_dir), str(tmp_path / "t")])


def read_texts(data_dir: Path) -> list[str]:
    lines = (data_dir / "text").read_text(encoding="utf-8").splitlines()
    return [line.split(maxsplit=1)[1] for line in lines]


def test_tokens_and_units(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "t"
    tokens.main(["--token_type", "char", "--nbpe", "1000", str(data_dir), str(out)])
    tokenizer = Tokenizer.load(out)
    assert tokenizer.units == ("bin", "sil")
    assert tokenizer.words is not None
    assert list(tokenizer.words) == sorted({w for t in read_texts(data_dir) for w in t.split()})
    assert tokenizer.decode(tokenizer.encode("blue ça")) == "blue ça"
    expected = f"{data_dir} -> {out}: {tokenizer.vocab_size} tokens, 2 frame labels\n"
    assert capsys.readouterr().out == expected
    (data_dir / "ctm").unlink()
    tokens.main(["--token_type", "word", str(data_dir), str(out)])
    assert Tokenizer.load(out).units is None


def test_tokens_without_text(data_dir: Path, tmp_path: Path) -> None:
    (data_dir / "text").unlink()
    with pytest.raises(SystemExit, match="text: no such file, but transcripts are needed"):
        tokens.main([str(data_dir), str(tmp_path / "t")])
    assert not (tmp_path / "t").exists()


@pytest.fixture
def multilingual(data_dir: Path) -> Path:
    """Three English utterances, one German one; three are translated into Greek."""
    for name, rows in (
        ("utt2lang", ["en", "en", "en", "de", "en"]),
        ("text", ["one two", "two", "three", "zwölf", "four"]),
        ("text.el", ["ένα", "δύο", "τρία"]),
    ):
        lines = [f"u{index} {row}\n" for index, row in enumerate(rows)]
        (data_dir / name).write_text("".join(lines), encoding="utf-8")
    return data_dir


def letters(token_dir: Path) -> set[str]:
    return set("".join(Tokenizer.load(token_dir).tokens[2:-1])) - {"\N{LOWER ONE EIGHTH BLOCK}"}


def test_tokens_of_translations(multilingual: Path, tmp_path: Path) -> None:
    tokens.main(["--target_lang", "el", str(multilingual), str(tmp_path / "t")])
    assert letters(tmp_path / "t") == set("έναδύοτρία")
    with pytest.raises(SystemExit, match=r"text\.fr: no such file.*there are: text, text\.el"):
        tokens.main(["--target_lang", "fr", str(multilingual), str(tmp_path / "t")])


def test_tokens_of_one_language(multilingual: Path, tmp_path: Path) -> None:
    tokens.main(["--langs", "de", "--", str(multilingual), str(tmp_path / "t")])
    assert letters(tmp_path / "t") == set("zwölf")


def test_tokens_with_tags(multilingual: Path, tmp_path: Path) -> None:
    out = tmp_path / "t"
    tokens.main(["--lang_tags", str(multilingual), str(out)])
    assert list(Tokenizer.load(out).lang_tags) == ["de", "en"]
    tokens.main(["--lang_tags", "--target_lang", "el", str(multilingual), str(out)])
    assert list(Tokenizer.load(out).lang_tags) == ["el"]
    (multilingual / "utt2lang").unlink()
    with pytest.raises(SystemExit, match="utt2lang: no such file, but --lang_tags needs it"):
        tokens.main(["--lang_tags", str(multilingual), str(out)])


def test_texts_of_rare_languages_are_repeated_and_none_is_left_out() -> None:
    texts = {"en": ["abcd"] * 100, "de": ["efgh", "ijkl", "mnop", "qrst"]}
    assert tokens.balanced(texts, 1.0) == [*texts["de"], *texts["en"]]
    even = tokens.balanced(texts, 1e9)
    assert len(even) == 200 and even.count("efgh") == 25
    middle = tokens.balanced(texts, 2.0)
    # sqrt(4) to sqrt(100)
    assert middle.count("abcd") == 100 and len(middle) == 120
