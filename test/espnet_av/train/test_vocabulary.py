"""Weights whose tokens are not those of the run."""

import dataclasses
import shutil

import pytest
import torch
from oracles import av_batch
from oracles.tiny_run import TINY_CONFIG

from espnet_av.config import build, save_yaml
from espnet_av.data.tokenizer import Tokenizer, train_tokenizer
from espnet_av.errors import VocabularyError
from espnet_av.models import MODELS
from espnet_av.models.abs_model import Sizes
from espnet_av.train.config import TrainConfig
from espnet_av.train.initialisation import initialise, load_weights
from espnet_av.train.loading import build_model, default_checkpoint, load_experiment
from espnet_av.train.vocabulary import Vocabulary, token_rows

CONFIG = build(TrainConfig, TINY_CONFIG)


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    """One with random weights, trained on the characters of `abc de`."""
    folder = tmp_path_factory.mktemp("vocabulary") / "exp"
    tokenizer = train_tokenizer(["abc de"], folder / "tokens", "char", 0)
    save_yaml(CONFIG, folder / "config.yaml")
    model = build_model(CONFIG, tokenizer, 4)
    torch.save(model.state_dict(), folder / default_checkpoint(CONFIG))
    return folder


def start(experiment, text, tmp_path, entry="{}", ignore=False):
    """A model for the characters of `text`, started from the experiment."""
    tokenizer = train_tokenizer([text], tmp_path / "tokens", "char", 0)
    model = build_model(CONFIG, tokenizer, 4)
    fresh = {name: value.clone() for name, value in model.state_dict().items()}
    initialise(model, [entry.format(experiment)], ignore, tokenizer.tokens)
    learned = torch.load(experiment / default_checkpoint(CONFIG), weights_only=True)
    state = model.state_dict()
    return {name for name in state if not torch.equal(state[name], fresh[name])}, set(learned)


def test_both_sizes_and_the_first_difference_are_named(experiment, tmp_path):
    with pytest.raises(VocabularyError) as error:
        start(experiment, "abc dxyz", tmp_path)
    message = str(error.value)
    assert f"{experiment}/{default_checkpoint(CONFIG)}: it has 9 tokens, 11 are wanted" in message
    there = (experiment / "tokens/tokens.txt").read_text().split("\n")
    here = (tmp_path / "tokens/tokens.txt").read_text().split("\n")
    first = next(i for i, (a, b) in enumerate(zip(there, here, strict=False)) if a != b)
    assert f"token {first} is '{there[first]}' there, '{here[first]}' here" in message
    assert f"--token_dir {experiment}/tokens" in message
    assert "path:::ctc.ctc_lo" in message


def test_as_many_tokens_but_others(experiment, tmp_path):
    with pytest.raises(VocabularyError, match=r"9 tokens as wanted, but others; token . is 'e'"):
        start(experiment, "abc dx", tmp_path)


@pytest.mark.parametrize("text", ["abc dx", "abc dxyz"])
def test_the_cures(experiment, text, tmp_path):
    for cure in ({"entry": "{}:::ctc.ctc_lo"}, {"ignore": True}):
        changed, learned = start(experiment, text, tmp_path, **cure)
        assert "ctc.ctc_lo.weight" not in changed
        assert "encoder.after_norm.weight" in learned
        assert any(name.startswith("encoder.encoders.0") for name in changed)
    changed, _ = start(experiment, "abc de", tmp_path)
    assert "ctc.ctc_lo.weight" in changed


def test_a_file_without_its_experiment_is_known_by_its_size_only(experiment, tmp_path):
    file = tmp_path / "alone.pth"
    shutil.copy(experiment / default_checkpoint(CONFIG), file)
    tokenizer = train_tokenizer(["abc dx"], tmp_path / "tokens9", "char", 0)
    load_weights(build_model(CONFIG, tokenizer, 4), file, tokens=tokenizer.tokens)
    tokenizer = train_tokenizer(["abcdefg"], tmp_path / "tokens10", "char", 0)
    with pytest.raises(VocabularyError, match=r"it has 9 tokens, 11 are wanted\. Train with its"):
        load_weights(build_model(CONFIG, tokenizer, 4), file, tokens=tokenizer.tokens)


def test_tokens_of_a_finished_experiment_that_were_exchanged(experiment, tmp_path):
    shutil.copytree(experiment, tmp_path / "exp")
    train_tokenizer(["abc"], tmp_path / "exp/tokens", "char", 0)
    with pytest.raises(VocabularyError, match=r"has 9 tokens, 7 are wanted by .*exp/tokens; put"):
        load_experiment(tmp_path / "exp")
    assert isinstance(load_experiment(experiment)[2], Tokenizer)


def test_what_is_known_of_two_vocabularies():
    ab, ac = Vocabulary(2, ("a", "b")), Vocabulary(2, ("a", "c"))
    assert ab.difference(ab) is None
    assert ab.difference(Vocabulary(2, None)) is None
    assert Vocabulary(2, None).difference(Vocabulary(3, None)) == "it has 3 tokens, 2 are wanted"
    assert ab.difference(ac).endswith("but others; token 1 is 'c' there, 'b' here")


PREDICTOR = {"predictor_conf": {"hidden_size": 8}, "transducer_loss": "pruned"}


@pytest.mark.parametrize(
    ("name", "changes"),
    [("avsr", {}), ("transducer", PREDICTOR), ("transducer", {"predictor": "stateless"})],
)
def test_layers_of_the_tokens_are_all_known(name, changes):
    """Every parameter whose shape follows the vocabulary, and no other, is in the list."""
    config_class, model_class = MODELS[name]
    values = dataclasses.asdict(av_batch.config())
    names = {field.name for field in dataclasses.fields(config_class)}
    values = {key: value for key, value in values.items() if key in names}
    config = build(config_class, {**values, **changes})
    shapes = [
        {k: v.shape for k, v in model_class.from_config(config, Sizes(vocab=size, units=3))
         .state_dict().items()}
        for size in (23, 29)
    ]  # fmt: skip
    follows = {key for key in shapes[0] if shapes[0][key] != shapes[1][key]}
    assert follows == set(token_rows(shapes[0], model_class.token_layers))
    assert follows
