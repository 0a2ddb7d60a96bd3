"""Each head against its definition: classes, slots, phones, talkers; sizes of the protocol."""

import itertools

import pytest
import torch
from oracles import superb

from espnet_av.data.batch import Batch
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.models import MODELS
from espnet_av.models.abs_model import NO_SIZES, Sizes
from espnet_av.models.superb import DiarizationModel
from espnet_av.search.decode_batch import decode_batch
from espnet_av.search.decode_config import DecodeConfig


def count(*modules):
    return sum(p.numel() for module in modules for p in module.parameters())


def as_batch(data, *names):
    return Batch(
        utt_id=data["utt_id"], **{key: data[key] for key in ("speech", "speech_lengths", *names)}
    )


def test_sizes_of_the_protocol():
    size = superb.masked_audio.hubert_config().feature_size
    wide = {"superb_ks": 12, "superb_ic": 6 * 14 * 4, "superb_pr": None, "superb_sd": None}
    changes = {"superb_ic": {"slot_sizes": (6, 14, 4)}, "superb_sd": {"hidden_size": 512}}
    made = {}
    for task, labels in wide.items():
        config = superb.config(
            task,
            **{
                **({"projection_size": 256} if task != "superb_sd" else {}),
                **changes.get(task, {}),
            },
        )
        sizes = Sizes(labels=labels, vocab=74)
        made[task] = MODELS[task][1].from_config(config, sizes)
    bottom = size * 256 + 256
    assert count(made["superb_ks"].project, made["superb_ks"].head) == bottom + 257 * 12
    assert count(made["superb_ic"].project, made["superb_ic"].head) == bottom + 257 * 24
    assert count(made["superb_pr"].project, made["superb_pr"].ctc) == bottom + 257 * 74
    lstm = 4 * 512 * (size + 512 + 2)
    assert count(made["superb_sd"].lstm, made["superb_sd"].head) == lstm + 513 * 2


def test_a_class_is_of_the_mean_over_time():
    model, data = superb.model("superb_ks").eval(), superb.batch()
    mixed, lengths = model.mix(data)
    for row, length in enumerate(lengths.tolist()):
        expected = model.head(model.project(mixed[row, :length]).mean(dim=0))
        assert torch.allclose(model.logits(data)[row], expected, atol=1e-6)
    scores = model.predict_labels(as_batch(data))
    _, stats, weight = model(**data)
    wanted = torch.nn.functional.cross_entropy(scores, data["label"])
    assert stats["loss"].item() == pytest.approx(wanted.item(), rel=1e-5) and weight == 3
    assert stats["acc"] == (scores.argmax(1) == data["label"]).float().mean()


def test_slots_have_a_softmax_each_and_are_right_together():
    model, data = superb.model("superb_ic").eval(), superb.batch((9, 5, 7, 6, 8, 4), seed=2)
    logits = model.logits(data)
    first, second = logits[:, :3].log_softmax(1), logits[:, 3:].log_softmax(1)
    scores = model.predict_labels(as_batch(data))
    for number, (a, b) in enumerate(itertools.product(range(3), range(2))):
        assert torch.allclose(scores[:, number], first[:, a] + second[:, b], atol=1e-5)
    assert torch.equal(scores.argmax(1), first.argmax(1) * 2 + second.argmax(1))
    rows = torch.arange(6)
    wanted = -(first[rows, data["label"] // 2] + second[rows, data["label"] % 2]).mean()
    _, stats, _ = model(**data)
    assert stats["loss"].item() == pytest.approx(wanted.item(), rel=1e-5)
    right = scores.argmax(1) == data["label"]
    assert stats["acc"].item() == pytest.approx(right.float().mean().item())


def test_phones_are_learnt_with_an_end_that_is_written_nowhere():
    model, data = superb.model("superb_pr").eval(), superb.batch()
    encoded = model.encode(data["speech"], data["speech_lengths"])
    logits = model.ctc.ctc_lo(encoded.out).log_softmax(2)
    expected = []
    for row, (frames, phones) in enumerate(zip(encoded.lengths, data["text_lengths"], strict=True)):
        target = torch.cat([data["text"][row, :phones], torch.tensor([model.eos])])
        loss = torch.nn.CTCLoss(blank=0, zero_infinity=True)  # s3prl's: divided by each length
        expected.append(loss(logits[row, :frames], target, frames, phones + 1))
    _, stats, weight = model(**data)
    assert stats["loss"].item() == pytest.approx(torch.stack(expected).mean().item(), rel=1e-5)
    assert weight == 3 and stats["per"].isfinite()
    assert model.train()(**data)[1]["per"].isnan(), "in evaluation only"
    assert model.predicts[0] == "text" and model.eos == superb.VOCAB_SIZE - 1


def test_phones_are_found_by_any_search_of_ctc():
    model, data = superb.model("superb_pr").eval(), superb.batch()
    with torch.no_grad():
        model.ctc.ctc_lo.bias[[0, 4]] += 5.0
    encoded = model.encode(data["speech"], data["speech_lengths"])
    for method in ("ctc_greedy", "ctc_prefix"):
        found = decode_batch(model, encoded, DecodeConfig(method=method))
        assert len(found) == 3
    with pytest.raises(ConfigError, match="attention decoder"):
        decode_batch(model, encoded, DecodeConfig(method="joint"))


def test_more_phones_than_frames_are_counted_and_add_nothing():
    model, data = superb.model("superb_pr").eval(), superb.batch((12, 9, 1))
    data["text"] = torch.full((3, 4), 5)
    data["text_lengths"] = torch.tensor([2, 2, 4])
    _, stats, _ = model(**data)
    assert stats["ctc_impossible"] == 1 and stats["loss"].isfinite()


def test_talkers_in_either_order():
    model, data = superb.model("superb_sd"), superb.batch()
    loss, stats, weight = model(**data)
    swapped = model(**{**data, "activity": data["activity"].flip(2)})
    assert swapped[0].item() == pytest.approx(loss.item(), rel=1e-6)
    assert swapped[1]["der_frames"] == stats["der_frames"]
    assert weight == data["activity_lengths"].sum()
    shares, lengths = model.predict_activity(as_batch(data))
    assert shares.shape[2] == 2 and shares.min() > 0 and shares.max() < 1
    assert lengths.tolist() == data["activity_lengths"].tolist()
    # Labels one frame shorter than features, or longer, are met halfway.
    for change in (-1, 1):
        other = {**data, "activity_lengths": data["activity_lengths"] + change}
        other["activity"] = torch.nn.functional.pad(data["activity"], (0, 0, 0, change))
        assert model(**other)[2] == (data["activity_lengths"] + min(change, 0)).sum()


def test_silent_and_too_many_talkers():
    model, data = superb.model("superb_sd"), superb.batch()
    alone = model(**{**data, "activity": data["activity"][:, :, :1]})[0]
    padded = torch.nn.functional.pad(data["activity"][:, :, :1], (0, 1))
    assert alone == model(**{**data, "activity": padded})[0]
    third = torch.nn.functional.pad(data["activity"], (0, 1))
    assert model(**{**data, "activity": third})[0] == model(**data)[0], "padding of the batch"
    third[1, 0, 2] = 1.0
    with pytest.raises(DataDirError, match=r"s1-u: more than 2 talkers in rttm.*num_talkers"):
        model(**{**data, "activity": third})


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ("superb_ks", "dataset.labels"),
        ("superb_ic", "dataset.labels"),
        ("superb_pr", "--token_dir"),
    ],
)
def test_sizes_that_are_not_known(task, reason):
    with pytest.raises(ConfigError, match=reason):
        MODELS[task][1].from_config(superb.config(task), NO_SIZES)
    assert DiarizationModel.from_config(superb.config("superb_sd"), NO_SIZES).activity_median == 11
