"""Phone error rate, held against counting by hand."""

import pytest
from oracles.decoded import write_condition

from espnet_av.errors import ConfigError
from espnet_av.score.bootstrap import Resampling
from espnet_av.score.published.expected import Expected
from espnet_av.score.record import as_records
from espnet_av.score.report import write_report
from espnet_av.score.scorers import score_condition
from espnet_av.score.scoring import Scoring

# One of four is wrong, one of two is missing, and one too many: 3 of 6.
PHONES = {"a-1": ("HH AH0 L OW1", "HH AH1 L OW1"), "a-2": ("AA1 B", "B SIL")}


def test_phones_are_words_and_stress_counts(tmp_path):
    folder = write_condition(tmp_path, "A", "clean", 0.0, texts=PHONES)
    scored = score_condition(folder, Scoring(metric="per"))
    (record,) = as_records(scored, Resampling(num_resamples=10))
    assert record["per"]["rate"] == 50.0
    assert (record["per"]["num_ref"], record["per"]["num_wrong_utts"]) == (6, 2)
    assert "wer" not in record
    scored.write_results()
    assert (folder / "score_per/result.txt").is_file()
    with pytest.raises(ConfigError, match="phones are compared as they are"):
        score_condition(folder, Scoring(metric="per", normaliser="basic"))


def test_the_page_of_a_phone_recogniser(tmp_path):
    write_condition(tmp_path, "A", "clean", 0.0, texts=PHONES)
    expected = Expected(scoring=Scoring(metric="per"))
    write_report(tmp_path, expected, command="x", resampling=Resampling(num_resamples=10))
    page = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert "### PER" in page and "|50.0|" in page and "WER" not in page
