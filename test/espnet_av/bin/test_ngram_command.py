"""From a data dir and its tokens to an n-gram that the search reads."""

import math

import pytest
import torch

from espnet_av.bin import ngram
from espnet_av.data.tokenizer import train_tokenizer
from espnet_av.search.ngram_lm import NGramLM

TEXTS = ["lay blue", "lay red", "set blue", "set red now"]


@pytest.fixture
def data_dir(tmp_path):
    folder = tmp_path / "train"
    folder.mkdir()
    rows = {
        "text": TEXTS,
        "wav.scp": ["x.wav"] * len(TEXTS),
        "utt2spk": ["u"] * len(TEXTS),
        "utt2lang": ["en", "en", "en", "fr"],
    }
    for name, values in rows.items():
        lines = [f"u{index} {value}\n" for index, value in enumerate(values)]
        (folder / name).write_text("".join(lines), encoding="utf-8")
    return folder


def test_counted_text_becomes_likely(data_dir, tmp_path, capsys):
    tokenizer = train_tokenizer(TEXTS, tmp_path / "tokens", "char", 0)
    out = tmp_path / "lm"
    ngram.main(["--order", "3", str(data_dir), str(tmp_path / "tokens"), str(out)])
    assert "3-grams" in capsys.readouterr().out
    assert (out / "provenance.yaml").is_file()
    lm = NGramLM.read(out / "lm.arpa", tokenizer.tokens)
    state, total = torch.tensor([lm.start]), 0.0
    for token in tokenizer.encode("lay blue"):
        total += float(lm.score(state)[0, token])
        state = lm.advance(state, torch.tensor([token]))
    assert total / len(tokenizer.encode("lay blue")) > math.log(0.3)


def test_only_some_languages(data_dir, tmp_path):
    train_tokenizer(TEXTS, tmp_path / "tokens", "word", 0)
    arguments = ["--order", "2", "--langs", "fr", "--", str(data_dir), str(tmp_path / "tokens")]
    ngram.main([*arguments, str(tmp_path / "lm")])
    assert "▁lay ▁blue" not in (tmp_path / "lm" / "lm.arpa").read_text(encoding="utf-8")
    assert "▁set ▁red" in (tmp_path / "lm" / "lm.arpa").read_text(encoding="utf-8")


def test_errors_are_one_line(data_dir, tmp_path):
    train_tokenizer(TEXTS, tmp_path / "tokens", "char", 0)
    with pytest.raises(SystemExit, match="ngram: ConfigError: order 0"):
        ngram.main(["--order", "0", str(data_dir), str(tmp_path / "tokens"), str(tmp_path / "l")])
