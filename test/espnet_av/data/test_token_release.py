"""A token folder tells what sentencepiece trained it, and when another release trains it anew."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest
import yaml

from espnet_av.bin.tokens import main
from espnet_av.data.token_release import TrainedTokens, read_trained

TOKENS = ("<blank>", "<unk>", "a", "b", "<sos/eos>")


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "text").write_text("u1 lay blue at a two\nu2 bin red by b nine\n")
    (folder / "wav.scp").write_text("u1 a.wav\nu2 b.wav\n")
    (folder / "utt2spk").write_text("u1 u1\nu2 u2\n")
    (folder / "spk2utt").write_text("u1 u1\nu2 u2\n")
    return folder


def train(data_dir: Path, out: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    main([*options, str(data_dir), str(out)])
    return capsys.readouterr().out


def test_the_release_is_recorded(data_dir: Path, tmp_path: Path, capsys) -> None:
    shown = train(data_dir, tmp_path / "tokens", capsys)
    assert shown.count("\n") == 1
    found = read_trained(tmp_path / "tokens")
    assert found.release == metadata.version("sentencepiece")
    assert found.tokens[0] == "<blank>"


def test_other_tokens_of_another_release_are_told(data_dir, tmp_path, capsys, monkeypatch) -> None:
    out = tmp_path / "tokens"
    train(data_dir, out, capsys, "--token_type", "bpe", "--nbpe", "24")
    record = yaml.safe_load((out / "provenance.yaml").read_text())
    record["versions"]["sentencepiece"] = "0.1.99"
    (out / "provenance.yaml").write_text(yaml.safe_dump(record))
    shown = train(data_dir, out, capsys, "--token_type", "bpe", "--nbpe", "26")
    assert "trained by sentencepiece 0.1.99, these by " in shown
    assert "pip install sentencepiece==0.1.99" in shown
    assert "other tokens" not in train(data_dir, out, capsys, "--token_type", "bpe", "--nbpe", "24")


@pytest.mark.parametrize(
    ("release", "new", "told"),
    [
        ("0.1", TOKENS, ""),
        (metadata.version("sentencepiece"), TOKENS[:-2], ""),
        ("0.1", ("<blank>", "<unk>", "b", "a", "<sos/eos>"), "the same in another order"),
        ("0.1", (*TOKENS[:-1], "c", "<sos/eos>"), "1 of 6 are new"),
        ("", (*TOKENS[:-1], "c", "<sos/eos>"), "of a release that was not recorded"),
    ],
)
def test_what_is_said(release: str, new: tuple[str, ...], told: str) -> None:
    said = TrainedTokens(release, TOKENS).tell_change(new)
    assert (told in said) if told else (said == "")
    assert ("pip install" in said) == (bool(said) and bool(release))


@pytest.mark.parametrize("content", [None, "- 1\n", "versions: 3\n", "a: [", "versions: {}\n", ""])
def test_folders_without_a_record(tmp_path: Path, content: str | None) -> None:
    (tmp_path / "tokens.txt").write_text("\n".join(TOKENS) + "\n")
    if content is not None:
        (tmp_path / "provenance.yaml").write_text(content)
    assert read_trained(tmp_path) == TrainedTokens("", TOKENS)


def test_folders_without_tokens(tmp_path: Path) -> None:
    assert read_trained(tmp_path) is None
    (tmp_path / "tokens.txt").write_bytes(b"\xff\xfe")
    assert read_trained(tmp_path) is None
