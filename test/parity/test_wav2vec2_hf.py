"""wav2vec 2.0, XLS-R and HuBERT against Hugging Face, with random weights.

Their waves get the 80 zeros that our front end appends, so that the frames agree.
"""

import pytest
import torch
import torch.nn.functional as F
from oracles.hf_audio import noise, our_name, twins
from oracles.layer_features import features_of
from transformers import HubertModel, Wav2Vec2ForPreTraining, Wav2Vec2Model

from espnet_av.models.masked_audio import model as masked_audio_model
from espnet_av.models.wav2vec2 import model as wav2vec2_model

THEIRS = {"wav2vec2": Wav2Vec2Model, "hubert": HubertModel}
STYLES = [("layer", True), ("layer", False), ("group", True), ("group", False)]


def padded(speech, lengths):
    """Their input and attention mask."""
    mask = torch.arange(speech.size(1) + 80) < (lengths + 80).unsqueeze(1)
    return F.pad(speech, (0, 80)), mask.long()


@pytest.mark.parametrize("kind", THEIRS)
@pytest.mark.parametrize(("norm", "pre_norm"), STYLES)
def test_every_layer_without_padding(kind, norm, pre_norm):
    theirs, ours = twins(kind, norm, pre_norm, THEIRS[kind])
    theirs, ours = theirs.eval(), ours.eval()
    speech, lengths = noise((7, 7))
    with torch.no_grad():
        expected = theirs(padded(speech, lengths)[0], output_hidden_states=True)
        got, frames = features_of(ours, speech, lengths)
        assert frames.tolist() == [14, 14]
        assert torch.allclose(got, expected.last_hidden_state, atol=1e-5, rtol=1e-5)
        # Theirs puts the final norm on the last entry of a stable-norm model.
        for layer in range(1, 3 if pre_norm else 4):
            got, _ = features_of(ours, speech, lengths, layer=layer)
            assert torch.allclose(got, expected.hidden_states[layer], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", THEIRS)
@pytest.mark.parametrize(("norm", "pre_norm"), STYLES)
def test_padded_batch(kind, norm, pre_norm):
    """With group norm, theirs lets padding change its statistics: there, one by one."""
    theirs, ours = twins(kind, norm, pre_norm, THEIRS[kind])
    theirs, ours = theirs.eval(), ours.eval()
    speech, lengths = noise()
    with torch.no_grad():
        got, frames = features_of(ours, speech, lengths)
        wave, mask = padded(speech, lengths)
        if norm == "layer":
            expected = theirs(wave, attention_mask=mask).last_hidden_state
        for i, num_frames in enumerate(frames.tolist()):
            if norm == "group":
                alone = theirs(wave[i : i + 1, : lengths[i] + 80]).last_hidden_state[0]
            else:
                alone = expected[i, :num_frames]
            assert torch.allclose(got[i, :num_frames], alone, atol=1e-5, rtol=1e-5)


@pytest.fixture
def given(monkeypatch):
    """The mask and the negatives of both, and no Gumbel noise in ours."""
    _, lengths = noise()
    frames = lengths // 320
    torch.manual_seed(3)
    mask = (torch.rand(3, 22) < 0.5) & (torch.arange(22) < frames.unsqueeze(1))
    negatives = wav2vec2_model.draw_negatives(mask, torch.rand(3, 22, 4))
    monkeypatch.setattr(masked_audio_model, "draw_span_mask", lambda *_: mask)
    monkeypatch.setattr(wav2vec2_model, "draw_negatives", lambda *_: negatives)
    monkeypatch.setattr(wav2vec2_model, "draw_gumbel", lambda shape, *_: torch.zeros(shape))
    return mask, negatives


def by_entries(project):
    """Their projection of code vectors, computed once for each choice of entries.

    Theirs looks for negatives equal to the target by exact equality behind this product; which rows
    of a product come out equal for equal input depends on the processor's kernels.
    """

    def forward(codes):
        rows, place = codes.flatten(0, 1).unique(dim=0, return_inverse=True)
        return F.linear(rows, project.weight, project.bias)[place].unflatten(0, codes.shape[:2])

    return forward


def their_loss(theirs, mask, negatives):
    wave, attention = padded(*noise())
    # Theirs numbers the frames of the whole batch.
    flat = negatives + 22 * torch.arange(3)[:, None, None]
    return theirs(
        wave, attention_mask=attention, mask_time_indices=mask, sampled_negative_indices=flat
    )


@pytest.mark.parametrize("pre_norm", [True, False])
def test_pretraining_loss_in_evaluation(given, pre_norm, monkeypatch):
    theirs, ours = twins("wav2vec2", "layer", pre_norm, Wav2Vec2ForPreTraining)
    monkeypatch.setattr(theirs.project_q, "forward", by_entries(theirs.project_q))
    mask, negatives = given
    speech, lengths = noise()
    with torch.no_grad():
        ids = ours.eval().quantizer(ours.audio.extract(speech, lengths).normed, mask, None).ids
        drawn = ids.gather(1, negatives.flatten(1)).view_as(negatives)
        same = (drawn == ids.unsqueeze(2)) & mask.unsqueeze(2)
        assert same.any(), "some negatives must be equal to the target"
        expected = their_loss(theirs.eval(), mask, negatives)
        loss, stats, weight = ours.eval()(speech, lengths)
    assert weight == mask.sum()
    contrastive = stats["loss_contrastive"] * weight
    assert contrastive.item() == pytest.approx(expected.contrastive_loss.item(), rel=1e-4)
    # In evaluation theirs has the perplexity of the chosen entries, in training of the
    # distributions; ours has both, and as in fairseq the loss uses the latter.
    perplexity = expected.codevector_perplexity.item()
    assert stats["code_perplexity"].item() == pytest.approx(perplexity, rel=1e-4)
    assert loss.item() == pytest.approx(
        (stats["loss_contrastive"] + 0.1 * stats["loss_diversity"]).item(), rel=1e-5
    )


def test_pretraining_loss_and_gradients_in_training(given, monkeypatch):
    theirs, ours = twins("wav2vec2", "layer", True, Wav2Vec2ForPreTraining)
    mask, negatives = given
    speech, lengths = noise()

    def noiseless(logits, tau, hard):
        soft = (logits / tau).softmax(dim=-1)
        return F.one_hot(soft.argmax(dim=-1), soft.size(-1)) + soft - soft.detach()

    monkeypatch.setattr(F, "gumbel_softmax", noiseless)
    # Theirs looks for negatives equal to the target, which rounding of this sum hides: as
    # negatives, frames with other entries only.
    ids = ours.quantizer(ours.audio.extract(speech, lengths).normed, mask, None).ids
    other = ids[:, None, :] != ids[:, :, None]
    choices = torch.where(other & mask.unsqueeze(1), 1.0, 0.0)
    assert (choices.sum(dim=2)[mask] > 0).all(), "every masked frame needs a negative"
    choices[~mask] = 1.0
    negatives.copy_(choices.flatten(0, 1).multinomial(4, replacement=True).view(3, 22, 4))
    expected = their_loss(theirs.train(), mask, negatives)
    loss, stats, weight = ours.train()(speech, lengths)
    assert stats["prob_perplexity"].item() == pytest.approx(
        expected.codevector_perplexity.item(), rel=1e-4
    )
    assert (loss * weight).item() == pytest.approx(expected.loss.item(), rel=1e-4)
    expected.loss.backward()
    (loss * weight).backward()
    learned = dict(ours.named_parameters())
    for name, parameter in theirs.named_parameters():
        scale = parameter.grad.abs().max()
        error = (learned.pop(our_name(name)).grad - parameter.grad).abs().max()
        assert error < 1e-4 * scale + 1e-5, name
    assert not learned
