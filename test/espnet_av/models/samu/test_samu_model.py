"""Distillation: loss by hand, padding, the teacher, the first steps, and that it learns."""

import pytest
import torch
import torch.nn.functional as F
from oracles import av_batch, samu
from oracles.masked_audio import take

from espnet_av.errors import ConfigError, DataDirError
from espnet_av.ops.retrieval import retrieval_ranks


def test_loss_is_beta_times_what_the_cosine_lacks():
    model, batch = samu.model(beta=3.0).eval(), samu.batch()
    loss, stats, weight = model(**batch)
    with torch.no_grad():
        vectors = model.vectors(batch).tolist()
    cosines = [
        sum(a * b for a, b in zip(v, t, strict=True))
        / (sum(a * a for a in v) ** 0.5 * sum(b * b for b in t) ** 0.5)
        for v, t in zip(vectors, batch["teacher"].tolist(), strict=True)
    ]
    assert weight == 3
    assert stats["cosine"].item() == pytest.approx(sum(cosines) / 3, abs=1e-6)
    assert loss.item() == pytest.approx(3.0 * (1 - sum(cosines) / 3), abs=1e-5)
    assert stats["masked"] == 0, "nothing is hidden in evaluation"


def test_length_of_the_teachers_vectors_does_not_count():
    model, batch = samu.model().eval(), samu.batch()
    long = {**batch, "teacher": batch["teacher"] * 40}
    assert model(**long)[0].item() == pytest.approx(model(**batch)[0].item(), abs=1e-5)


def test_padding_changes_no_vector():
    model, batch = samu.model().eval(), samu.batch((12, 9, 3, 1))
    batch["speech"] = torch.where(
        torch.arange(12 * 640) < batch["speech_lengths"].unsqueeze(1), batch["speech"], 9.0
    )
    with torch.no_grad():
        together = model.vectors(batch)
        for row, num_frames in enumerate((12, 9, 3, 1)):
            part = {key: batch[key][row : row + 1] for key in ("speech", "speech_lengths")}
            part["speech"] = part["speech"][:, : num_frames * 640]
            assert torch.allclose(model.vectors(part)[0], together[row], atol=1e-6)


def test_the_teacher_has_no_gradient():
    model, batch = samu.model(), samu.batch()
    batch["teacher"].requires_grad_()
    model(**batch)[0].backward()
    assert batch["teacher"].grad is None
    assert all(p.grad is not None for p in model.parameters())


def test_at_first_the_head_alone_learns():
    model, batch = samu.model(freeze_encoder_steps=2), samu.batch()
    for update in (0, 1, 2):
        model.zero_grad()
        model.set_update(update)
        model(**batch)[0].backward()
        learning = {
            name.split(".")[0] for name, p in model.named_parameters() if p.grad is not None
        }
        whole = {"frontend", "encoder", "head", "mask_emb"}
        assert learning == ({"head"} if update < 2 else whole)
    with pytest.raises(ConfigError, match="freeze_encoder_steps is set"):
        samu.model(freeze_encoder_steps=2)(**batch)


def test_features_are_hidden_in_training_as_the_step_says():
    model, batch = samu.model(), samu.batch()
    found = []
    for step in (1, 1, 2):
        model.set_step(step, 0, 0)
        loss, stats, _ = model(**batch)
        found.append((loss.item(), stats["masked"].item()))
    assert found[0] == found[1] != found[2]
    assert 0.1 < found[0][1] < 0.7
    bare = samu.model(feature_mask=None)
    assert bare.mask_emb is None
    assert bare(**batch)[1]["masked"] == 0


def test_sixteen_utterances_are_learnt_by_heart():
    """Cosine loss near 0, and from R@1 at chance to every sentence first."""
    lengths = tuple(2 + i % 2 for i in range(16))
    batch = samu.batch(lengths)
    tones = torch.arange(3 * 640) * torch.linspace(0.05, 0.9, 16).unsqueeze(1)
    batch["speech"] = torch.sin(tones)
    encoder = {**samu.config().encoder_conf, "num_layers": 1}
    sizes = {"feature_size": 16, "encoder_conf": encoder, "audio_frontend_conf": {"channels": 16}}
    model = samu.model(feature_mask=None, beta=1.0, **sizes)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)

    def first():
        with torch.no_grad():
            vectors = F.normalize(model.eval().vectors(batch), dim=1)
        ids = torch.arange(16)
        ranks = retrieval_ranks(vectors, F.normalize(batch["teacher"], dim=1), ids, ids)
        return (ranks == 1).float().mean().item()

    before = first()
    model.train()
    for _ in range(60):
        loss = model(**batch)[0]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert before < 0.2
    assert first() == 1.0
    assert loss.item() < 0.02


def test_with_lips_as_an_xlavsr():
    """Sound and lips, one of them, or either left out in training; the teacher follows the rows."""
    lips = {"visual_frontend": "resnet", "visual_frontend_conf": {"width": 2}, "fusion": "sum"}
    dropout = samu.config().modality_dropout.__class__(drop_prob=0.5, per="view")
    model = samu.model(**lips, modality_dropout=dropout, frame_rate=50)
    batch = {**av_batch.batch(), "teacher": samu.batch((9, 6, 4))["teacher"]}
    assert model.reads == {"teacher"}
    loss, _, weight = model(**batch)
    assert loss.isfinite() and weight == 3
    quiet = {**batch, "speech_lengths": torch.tensor([9 * 640, 0, 4 * 640])}
    with torch.no_grad():
        both, partly = (model.eval().vectors(b) for b in (batch, quiet))
    assert torch.allclose(both[0], partly[0], atol=1e-5)
    assert not torch.allclose(both[1], partly[1], atol=1e-3)


def test_both_views_are_predicted():
    class Given:
        def as_dict(self):
            return samu.batch()

    model = samu.model().eval()
    with torch.no_grad():
        found = model.predict_vectors(Given())
        assert torch.equal(found["speech"], model.vectors(samu.batch()))
    assert torch.equal(found["text"], samu.batch()["teacher"])
    assert model.predicts_from == {"speech", "teacher"}


def test_vectors_of_another_size_are_refused():
    model, batch = samu.model(), samu.batch()
    with pytest.raises(DataDirError, match=r"have 5 numbers, the model's 6; set vector_size: 5"):
        model(**{**batch, "teacher": torch.zeros(3, 5)})
    with pytest.raises(DataDirError, match=r"no teacher's vectors; make them"):
        model(**take({**batch, "units": batch["teacher"]}, [0, 1]))


@pytest.mark.parametrize("wrong", [{"vector_size": 0}, {"beta": 0.0}, {"freeze_encoder_steps": -1}])
def test_wrong_settings(wrong):
    with pytest.raises(ConfigError, match=r"vector_size is .*, beta .*, freeze_encoder_steps"):
        samu.config(**wrong)
