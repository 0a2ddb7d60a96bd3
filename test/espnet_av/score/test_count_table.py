"""What scores are made of: ESPnet's table of errors and the parts of BLEU, by hand."""

from __future__ import annotations

import pytest

from espnet_av.score.count_table import bleu_parts, dataset_name, error_counts


@pytest.mark.parametrize(
    ("noise", "name"),
    [("clean", "test/AV_clean"), ("babble:0", "test/AV_babble_0dB"), ("a:-5", "test/AV_a_-5dB")],
)
def test_a_condition_is_named_as_its_folder(noise: str, name: str) -> None:
    assert dataset_name({"set": "test", "mode": "AV", "noise": noise}) == name


def test_errors_are_shares_of_the_reference_and_of_the_utterances() -> None:
    # 200 words: 150 right, 30 replaced, 20 left out, 14 put in: 64 errors. 3 of 8 have one.
    counts = {
        "hits": 150, "substitutions": 30, "deletions": 20, "insertions": 14,
        "num_ref": 200, "num_utts": 8, "num_wrong_utts": 3, "rate": 32.0,
    }  # fmt: skip
    records = [
        {"set": "test", "mode": "A", "noise": "clean", "wer": counts, "cer": {}},
        {"set": "dev", "mode": "V", "noise": "babble:-5", "wer": counts | {"num_wrong_utts": 8}},
    ]
    assert error_counts(records, "wer").splitlines() == [
        "|dataset|Snt|Wrd|Corr|Sub|Del|Ins|Err|S.Err|",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
        "|test/A_clean|8|200|75.0|15.0|10.0|7.0|32.0|37.5|",
        "|dev/V_babble_-5dB|8|200|75.0|15.0|10.0|7.0|32.0|100.0|",
    ]


def test_parts_of_bleu() -> None:
    bleu = {
        "num_utts": 4, "precisions": [80.0, 60.04, 40.06, 20.0], "brevity_penalty": 0.95123,
        "num_hyp": 57, "num_ref": 60, "rate": 42.26,
    }  # fmt: skip
    records = [{"set": "test_de", "mode": "AV", "noise": "clean", "bleu": bleu}]
    assert bleu_parts(records, "bleu").splitlines() == [
        "|dataset|Snt|1-gram|2-gram|3-gram|4-gram|BP|tokens|of reference|BLEU|",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
        "|test_de/AV_clean|4|80.0|60.0|40.1|20.0|0.951|57|60|42.3|",
    ]
