"""Records are told apart by their axes, old ones too."""

import pytest
from oracles.decoded import write_condition

from espnet_av.errors import ConfigError
from espnet_av.score.bootstrap import Resampling
from espnet_av.score.record import as_records, axes_of, further_axes, is_complete, select
from espnet_av.score.scorers import score_condition
from espnet_av.score.scoring import Scoring

OLD = {"set": "test", "mode": "AV", "noise": "babble:0", "missing_video": "start:0.5"}
AXES = {"set": "test", "mode": "AV", "noise": "babble:0", "missing": "start:0.5"}
NEW = {"set": "x", "axes": AXES | {"direction": "speech to image"}}
OLDEST = {"set": "test", "mode": "A", "noise": "clean"}


def test_axes_of_scores_of_every_age():
    assert axes_of(OLD) == AXES
    assert axes_of(NEW) == AXES | {"direction": "speech to image"}
    assert axes_of(OLDEST) == OLDEST | {"missing": None}
    assert [is_complete(record) for record in (OLD, NEW, OLDEST)] == [False, False, True]
    assert [further_axes(record) for record in (OLD, NEW)] == [{}, {"direction": "speech to image"}]


@pytest.mark.parametrize(
    ("axes", "found"),
    [
        ({}, [OLD, NEW, OLDEST]),
        ({"set": "test", "noise": "babble:0dB"}, [OLD, NEW]),
        ({"missing": None}, [OLDEST]),
        ({"direction": "speech to image"}, [NEW]),
        ({"speaker": "within"}, []),
        ({"set": "test", "mode": "A", "noise": "clean", "missing": None}, [OLDEST]),
    ],
)
def test_selection(axes, found):
    assert select([OLD, NEW, OLDEST], axes) == found


def test_a_noise_that_is_none_is_named():
    with pytest.raises(ConfigError, match="loud"):
        select([OLD], {"noise": "loud"})


def test_what_is_written_has_axes_and_the_keys_of_before(tmp_path):
    folder = write_condition(tmp_path, "AV", "babble:0", 0.1, num_utts=5, missing_video="start:0.5")
    (record,) = as_records(score_condition(folder, Scoring()), Resampling(num_resamples=20))
    assert record["axes"] == AXES
    assert {key: record[key] for key in OLD} == OLD
    assert record["wer"]["num_utts"] == record["cer"]["num_utts"] == 5
