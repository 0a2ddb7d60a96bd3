"""Which kind of prediction a model is asked for."""

import pytest

from espnet_av.errors import ConfigError
from espnet_av.models import MODELS
from espnet_av.predict.kinds import KINDS, fields_of, has_text_alone, kind_of, kinds_of


class Recogniser:
    predicts = ("text", "frames")
    encode = blank_id = feature_rate = None


class Features:
    predicts = ("frames",)


def test_what_a_model_was_made_for():
    assert kind_of(Recogniser()) == kind_of(Recogniser(), "text") == "text"
    assert kinds_of(Features) == ("frames", "states")
    assert has_text_alone(Recogniser) and has_text_alone(Features)
    assert kinds_of(Classes) == ("label",) and not has_text_alone(Classes)


class Classes:
    predicts = ("label",)


@pytest.mark.parametrize(
    ("model", "wanted", "message"),
    [
        (Features(), None, "Features is pre-trained .* ask for --kind frames or states"),
        (Features(), "text", "--kind text: Features predicts frames, states; kinds are text"),
        (Recogniser(), "label", "--kind label: Recogniser predicts text, frames, states"),
    ],
)
def test_what_cannot_be_predicted_is_said(model, wanted, message):
    with pytest.raises(ConfigError, match=message):
        kind_of(model, wanted)


def test_a_model_that_promises_too_much(monkeypatch):
    monkeypatch.delattr(Recogniser, "encode")
    with pytest.raises(ConfigError, match="says that it predicts text, but has no encode"):
        kind_of(Recogniser())


def test_every_model_says_what_it_predicts():
    for name, (_, model_class) in MODELS.items():
        kinds = set(kinds_of(model_class))
        assert kinds, name
        assert kinds <= {*KINDS, "label", "activity", "vector", "frames"}, name


def test_predictions_are_made_from_what_is_not_only_learnt_from():
    class Pictures(Features):
        reads = frozenset({"image", "boxes", "label", "text", "units", "activity", "teacher"})
        predicts_from = None

    assert fields_of(Pictures(), "vector") == {"image", "boxes"}
    Pictures.predicts_from = frozenset({"teacher"})
    assert fields_of(Pictures(), "vector") == {"teacher"}
    assert fields_of(Features(), "vector") == frozenset()


def test_frames_are_made_from_what_lasts():
    """Of a set without images a model that has seen some gives features all the same."""

    class Grounded(Features):
        reads = frozenset({"speech", "video", "image", "boxes", "image_id", "units"})

    assert fields_of(Grounded(), "frames") == {"speech", "video"}
    assert fields_of(Grounded(), "vector") == {"speech", "video", "image", "boxes"}


def test_of_several_views_those_are_read_that_a_set_has():
    class Pairs(Features):
        reads = frozenset({"speech", "film"})
        views = ("speech", "film")

    assert fields_of(Pairs(), "vector", {"film.scp", "utt2spk"}) == {"film"}
    assert fields_of(Pairs(), "vector", {"wav.scp"}) == {"speech"}
    assert fields_of(Pairs(), "vector", {"wav.scp", "film.scp"}) == {"speech", "film"}
    assert fields_of(Pairs(), "vector", {"utt2spk"}) == {"speech", "film"}
    assert fields_of(Pairs(), "frames", {"film.scp"}) == {"speech", "film"}
