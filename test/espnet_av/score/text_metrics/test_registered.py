"""The list of metrics."""

from espnet_av.score.text_metrics.registered import TEXT_METRICS
from espnet_av.score.translation import TRANSLATION


def test_they_are_listed_under_their_names():
    assert {name: metric.name for name, metric in TEXT_METRICS.items()} == {
        n: n for n in TEXT_METRICS
    }
    assert [metric.name for metric in TRANSLATION.all_metrics()] == ["bleu", *TEXT_METRICS]


def test_higher_is_better_in_all():
    assert not [m.name for m in TEXT_METRICS.values() if m.metric.lower_is_better]
