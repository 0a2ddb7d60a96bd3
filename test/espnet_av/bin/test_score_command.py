"""The score command: files, tables, targets, errors."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sacrebleu
from oracles.decoded import write_condition

from espnet_av.bin import score
from espnet_av.score import report

TARGETS = (
    "- {set: test, mode: AV, noise: clean, target: 90, note: easy}\n"
    "- {set: test, mode: AV, noise: 'babble:20', target: 5, note: never decoded}\n"
)


@pytest.fixture
def decoded(tmp_path: Path) -> Path:
    root = tmp_path / "decode"
    for mode, noise, error_rate in (
        ("A", "clean", 0.1),
        ("A", "babble:0", 0.7),
        ("V", "clean", 0.3),
        ("AV", "clean", 0.0),
        ("AV", "babble:0", 0.2),
    ):
        write_condition(root, mode, noise, error_rate, num_utts=20, langs=("en", "fr"))
    return root


@pytest.fixture
def targets(tmp_path: Path) -> Path:
    path = tmp_path / "expected_scores.yaml"
    path.write_text(TARGETS)
    return path


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes most of the time and has its own tests."""
    monkeypatch.setattr(report, "_draw", lambda *_: [])


def test_scores_table_and_pictures(decoded, targets, capsys):
    assert score.main(["--expected", str(targets), str(decoded)]) == 0
    scores = json.loads((decoded / "scores.json").read_text())
    found = {(row["mode"], row["noise"]): row for row in scores["conditions"]}
    assert len(found) == 5
    assert found["AV", "clean"]["wer"]["rate"] == 0.0
    noisy = found["A", "babble:0"]["wer"]
    assert 50 < noisy["rate"] < 90
    assert noisy["ci95"][0] < noisy["rate"] < noisy["ci95"][1]
    assert noisy["num_ref"] == noisy["hits"] + noisy["substitutions"] + noisy["deletions"] == 120
    assert set(found["A", "clean"]["by_lang"]) == {"en", "fr"}
    assert len(found["A", "clean"]["accuracy_by_position"]) == 6
    for name in scores["pictures"]:
        assert (decoded / name).read_bytes().startswith(b"\x89PNG")
    assert "wer_over_snr_test_babble.png" in scores["pictures"]
    printed = capsys.readouterr().out
    assert printed.splitlines()[0].split() == ["test", "WER", "%", "clean", "babble", "0", "dB"]
    assert "(target <= 90) met" in printed
    assert "AV babble:20 wer: not run here" in printed


@pytest.mark.usefixtures("no_pictures")
def test_results_page(decoded, targets):
    score.main(["--expected", str(targets), str(decoded)])
    page = (decoded / "RESULTS.md").read_text()
    assert "|dataset|Snt|Wrd|Corr|Sub|Del|Ins|Err|S.Err|" in page
    assert "|test/AV_clean|20|120|100.0|0.0|0.0|0.0|0.0|0.0|" in page
    assert "|test|AV|babble:20|WER|<= 5.0|not run here||" in page
    assert "- parameters: 1.23 M" in page
    assert "python -m espnet_av.bin.score --expected" in page
    root = Path(score.__file__).resolve().parents[2]
    shown = subprocess.run(
        [sys.executable, str(root / "utils" / "show_results.py"), str(decoded / "scores.json")],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
    )
    assert shown.stdout == page


@pytest.mark.usefixtures("no_pictures")
def test_alignments_are_written_beside_the_texts(decoded):
    score.main([str(decoded)])
    folder = decoded / "test" / "A_babble_0dB"
    words = (folder / "score_wer" / "result.txt").read_text()
    assert words.count("Scores: (#C #S #D #I)") == 20
    assert "Eval:" in (folder / "score_cer" / "result.txt").read_text()


@pytest.mark.usefixtures("no_pictures")
def test_same_seed_same_scores(decoded):
    def conditions():
        score.main([str(decoded)])
        return json.loads((decoded / "scores.json").read_text())["conditions"]

    assert conditions() == conditions()


@pytest.mark.usefixtures("no_pictures")
def test_the_bootstrap_is_as_asked_for(decoded):
    def interval(*options):
        score.main([*options, str(decoded)])
        scores = json.loads((decoded / "scores.json").read_text())
        assert scores["scoring"] == {"metric": "wer", "normaliser": "none"}
        (row,) = [r for r in scores["conditions"] if r["folder"] == "test/A_babble_0dB"]
        return scores["bootstrap"], row["wer"]["ci95"]

    few = ("--num_resamples", "20", "--seed")
    (settings, first), (_, again), (_, other) = (interval(*few, seed) for seed in "778")
    assert settings == {"num_resamples": 20, "seed": 7}
    assert first == again != other


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize(("limit", "code"), [(90, 0), (-1, 1)])
def test_strict_fails_when_a_target_is_missed(decoded, tmp_path, limit, code):
    path = tmp_path / "targets.yaml"
    path.write_text(f"- {{set: test, mode: A, noise: clean, target: {limit}}}\n")
    assert score.main(["--strict", "--expected", str(path), str(decoded)]) == code
    assert score.main(["--expected", str(path), str(decoded)]) == 0


@pytest.mark.usefixtures("no_pictures")
def test_training_record_is_shown(decoded, tmp_path):
    for info_path in decoded.glob("*/*/decode.json"):
        info = json.loads(info_path.read_text())
        info_path.write_text(json.dumps({**info, "exp_dir": str(tmp_path / "exp")}))
    (tmp_path / "exp").mkdir()
    record = {"data_sec": 7200, "train_sec": 90, "steps": 1200, "hardware": "2 CPU cores"}
    (tmp_path / "exp" / "train_summary.json").write_text(json.dumps(record))
    score.main([str(decoded)])
    page = (decoded / "RESULTS.md").read_text()
    assert "- training data: 2.00 h\n- training: 1.5 min on 2 CPU cores, 1200 steps" in page


def spoil_missing(folder: Path) -> None:
    text = (folder / "text").read_text().splitlines(keepends=True)
    (folder / "text").write_text("".join(text[:-1]))


def spoil_empty_reference(folder: Path) -> None:
    lines = (folder / "ref").read_text().splitlines()
    (folder / "ref").write_text("\n".join([lines[0].split()[0], *lines[1:]]) + "\n")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_missing, "A_clean: s1-019: no hypothesis"),
        (spoil_empty_reference, "A_clean: s1-000: the reference is empty"),
        (lambda folder: (folder / "ref").unlink(), "A_clean/ref: missing"),
        (lambda folder: (folder / ".done").unlink(), "decoding did not finish"),
    ],
)
def test_errors_name_the_place(decoded, spoil, message):
    spoil(decoded / "test" / "A_clean")
    with pytest.raises(SystemExit, match=re.escape(message)):
        score.main([str(decoded)])
    assert not (decoded / "scores.json").exists()


@pytest.mark.usefixtures("no_pictures")
def test_conditions_of_two_systems_share_no_table(decoded):
    path = decoded / "test" / "V_clean" / "decode.json"
    info = json.loads(path.read_text())
    faster = {**info, "config": {**info["config"], "batch_frames": 9}}
    path.write_text(json.dumps(faster))
    assert score.main([str(decoded)]) == 0
    greedy = {**info["config"], "beam_size": 1}
    for change, words in (
        ({"checkpoint": "valid.loss.best.pth"}, "V_clean: decoded with checkpoint valid.loss.best"),
        ({"config": greedy}, "V_clean: decoded with beam_size 1, but "),
    ):
        path.write_text(json.dumps({**info, **change}))
        with pytest.raises(SystemExit, match=words):
            score.main([str(decoded)])


@pytest.mark.usefixtures("no_pictures")
def test_an_empty_hypothesis_is_a_result(decoded):
    folder = decoded / "test" / "AV_clean"
    lines = (folder / "text").read_text().splitlines()
    (folder / "text").write_text("\n".join([lines[0].split()[0] + " ", *lines[1:]]) + "\n")
    assert score.main([str(decoded)]) == 0
    scores = json.loads((decoded / "scores.json").read_text())
    (row,) = [r for r in scores["conditions"] if r["folder"] == "test/AV_clean"]
    assert row["wer"]["deletions"] == 6


ENGLISH = {
    "el-1": ("Thank you very much, it's 3,500 dollars.", "Thank you so much, it's 3,500 dollars."),
    "el-2": ("We have to go there now.", "We must go there now."),
    "fr-1": ("I did not know this at all, my friends.", "I did not know this, my friends."),
}
TRANSLATION = """
scoring: {metric: bleu}
languages: [el, fr]
sets: {avg: "test_{lang}"}
systems: {small: Small}
targets:
- {set: test_el, mode: AV, target: 30, note: ours}
tables:
- {number: "3", title: Into English, source: A paper, into: en,
   columns: [noise, system, mode, el, fr, avg],
   rows: [[clean, small, A, 20.0, 25.0, 22.5], [clean, small, AV, 21.0, 26.0, 23.5]]}
"""


@pytest.fixture
def translated(tmp_path: Path) -> tuple[Path, Path]:
    root, path = tmp_path / "decode", tmp_path / "expected_scores.yaml"
    path.write_text(TRANSLATION)
    for mode, noise in (("A", "clean"), ("A", "babble:0"), ("AV", "clean")):
        texts = {u: (ref, hyp if mode == "A" else ref) for u, (ref, hyp) in ENGLISH.items()}
        if noise != "clean":
            texts |= {"el-2": ("We have to go there now.", "")}
        write_condition(root, mode, noise, 0, set_name="test_el", texts=texts, langs=("el", "fr"))
    return root, path


def test_translations_are_scored_by_bleu(translated, capsys):
    root, path = translated
    assert score.main(["--strict", "--expected", str(path), "--system", "small", str(root)]) == 0
    scores = json.loads((root / "scores.json").read_text())
    found = {(row["mode"], row["noise"]): row for row in scores["conditions"]}
    clean = found["A", "clean"]
    pairs = list(ENGLISH.values())
    reference = sacrebleu.corpus_bleu([hyp for _, hyp in pairs], [[ref for ref, _ in pairs]])
    assert clean["bleu"]["rate"] == pytest.approx(reference.score, abs=1e-3)
    assert found["AV", "clean"]["bleu"]["rate"] == 100.0
    assert found["A", "babble:0"]["bleu"]["rate"] < clean["bleu"]["rate"]
    assert set(clean["by_lang"]) == {"el", "fr"}
    assert "wer" not in clean
    assert "bleu_over_snr_test_el_babble.png" in scores["pictures"]
    assert not any("confusion" in name for name in scores["pictures"])
    page = (root / "RESULTS.md").read_text()
    assert "WER" not in page
    assert "### BLEU by mode and noise (points of 100, higher is better, with 95 %" in page
    assert f"- sacreBLEU signature: `{clean['bleu']['signature']}`" in page
    assert "|test_el|AV|clean|BLEU|>= 30.0|100.0|+70.0|yes|ours|" in page
    assert "|Small|A|paper|20.0|25.0|22.5|" in page
    assert f"|||here|{clean['bleu']['rate']:.1f}|not run here|1 of 2 run|" in page
    written = (root / "test_el" / "A_clean" / "score_bleu" / "result.txt").read_text()
    assert "id: (el-2)\nREF: We have to go there now.\nHYP: We must go there now.\n" in written
    assert capsys.readouterr().out.startswith("test_el BLEU")


def write_chinese(root: Path, target_lang: str | None, **told: str) -> Path:
    """A condition of texts in Chinese, decoded by a model with this `dataset.target_lang`."""
    texts = {"a-1": ("我们今天去公园散步。", "我们今天去公园跑步。")}
    folder = write_condition(root, "A", "clean", 0, set_name="test_zh", texts=texts, **told)
    info = json.loads((folder / "decode.json").read_text())
    (folder / "decode.json").write_text(json.dumps({**info, "target_lang": target_lang}))
    return folder


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize(
    ("target_lang", "langs", "scoring", "tokens"),
    [
        ("zh", ("en",), "{metric: bleu}", "zh"),
        (None, ("zh",), "{metric: bleu}", "zh"),
        (None, (), "{metric: bleu}", "13a"),
        ("zh", ("en",), "{metric: bleu, tokenize: char}", "char"),
        ("fr", ("zh",), "{metric: bleu, tokenize: intl}", "intl"),
    ],
)
def test_tokens_of_bleu_go_by_the_language_of_the_texts(
    tmp_path, caplog, target_lang, langs, scoring, tokens
):
    write_chinese(tmp_path / "decode", target_lang, langs=langs)
    path = tmp_path / "expected_scores.yaml"
    path.write_text(f"scoring: {scoring}\n")
    assert score.main(["--expected", str(path), str(tmp_path / "decode")]) == 0
    scores = json.loads((tmp_path / "decode/scores.json").read_text())
    bleu = scores["conditions"][0]["bleu"]
    assert f"|tok:{tokens}|" in bleu["signature"]
    assert f"|tok:{tokens}|" in (tmp_path / "decode/RESULTS.md").read_text()
    says_nothing = bleu["longest_ref"] < 4
    assert says_nothing == (tokens in ("13a", "intl"))
    assert ("no reference of a-1 and 0 others has four tokens" in caplog.text) == says_nothing


@pytest.mark.usefixtures("no_pictures")
def test_tokenisers_are_of_bleu_alone(tmp_path):
    write_chinese(tmp_path / "decode", "zh")
    path = tmp_path / "expected_scores.yaml"
    for scoring, message in (
        ("{metric: cer, tokenize: zh}", "tokenisers are of BLEU"),
        ("{metric: bleu, tokenize: 14a}", "14a"),
    ):
        path.write_text(f"scoring: {scoring}\n")
        with pytest.raises(SystemExit, match=message):
            score.main(["--expected", str(path), str(tmp_path / "decode")])


@pytest.mark.usefixtures("no_pictures")
def test_whispers_normaliser_by_language(tmp_path):
    pytest.importorskip("whisper_normalizer", reason="the optional package whisper-normalizer")
    path = tmp_path / "expected_scores.yaml"
    path.write_text("scoring: {normaliser: whisper}\n")
    texts = {
        "u0": ("It's colour, Mr. Smith!", "it is color mister smith"),
        "u1": ("It's colour", "it is color"),
        "u2": ("[Applause]", "yes"),
    }
    write_condition(tmp_path / "d", "A", "clean", 0, texts=texts, langs=("en", "fr"))
    assert score.main(["--expected", str(path), str(tmp_path / "d")]) == 0
    (row,) = json.loads((tmp_path / "d" / "scores.json").read_text())["conditions"]
    # English: 5 of 5 words and one insertion. French keeps 's' and 'colour': 'it s colour'.
    assert row["by_lang"]["en"]["wer"]["rate"] == 20.0
    assert row["by_lang"]["fr"]["wer"]["rate"] == pytest.approx(66.667)
    assert row["wer"]["num_empty_refs"] == 1
    page = (tmp_path / "d" / "RESULTS.md").read_text()
    assert "whisper (Whisper's: English for en, basic for the other languages; whisper-norm" in page
    assert "; 1 references are empty after it" in page


@pytest.mark.usefixtures("no_pictures")
def test_a_misspelt_system_is_named(translated):
    root, path = translated
    with pytest.raises(SystemExit, match="did you mean 'small'"):
        score.main(["--expected", str(path), "--system", "smal", str(root)])


def test_nothing_decoded(tmp_path):
    with pytest.raises(SystemExit, match=r"run the decode stage \(10\) first"):
        score.main([str(tmp_path)])
