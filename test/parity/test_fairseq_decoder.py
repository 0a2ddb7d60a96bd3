"""fairseq's decoder, written out token by token, against ours; and ours in the search."""

import logging
import math

import pytest
import torch
import torch.nn.functional as F
from oracles.espnet_search import espnet_nbest, random_frames, tiny_model

from espnet_av.modules.decoder import build_decoder
from espnet_av.search.decode_batch import decode_batch
from espnet_av.search.decode_config import DecodeConfig

CONF = {"size": 8, "attention_heads": 2, "linear_units": 12, "num_blocks": 2}
VOCAB_SIZE, ENCODER_SIZE = 11, 6


def decoder(seed=0):
    torch.manual_seed(seed)
    made = build_decoder("fairseq_transformer", VOCAB_SIZE, ENCODER_SIZE, CONF)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return made.eval()


def norm(layer, x):
    centred = x - x.mean()
    return centred / (x.var(unbiased=False) + 1e-5).sqrt() * layer.weight + layer.bias


def attend(attention, query, sources):
    """One query vector over a list of source vectors, head by head."""
    heads, size = CONF["attention_heads"], CONF["size"] // CONF["attention_heads"]
    q = attention.linear_q(query)
    result = []
    for head in range(heads):
        part = slice(head * size, (head + 1) * size)
        scores = [float(q[part] @ attention.linear_k(s)[part]) / math.sqrt(size) for s in sources]
        weights = torch.tensor(scores).softmax(0)
        values = [attention.linear_v(s)[part] for s in sources]
        result.append(sum(w * v for w, v in zip(weights, values, strict=True)))
    return attention.linear_out(torch.cat(result))


def embed(model, token, place):
    half = CONF["size"] // 2
    position = place + 2
    angles = [position * 10000.0 ** (-i / (half - 1)) for i in range(half)]
    waves = [math.sin(a) for a in angles] + [math.cos(a) for a in angles]
    return model.embed[0].weight[token] + torch.tensor(waves)


@torch.no_grad()
def oracle(model, frames, tokens):
    """(T, D) frames, list of tokens -> (L, V) logits."""
    hidden = [embed(model, token, place) for place, token in enumerate(tokens)]
    for layer in model.decoders:
        normed = [norm(layer.norm1, x) for x in hidden]
        hidden = [
            x + attend(layer.self_attn, normed[i], normed[: i + 1]) for i, x in enumerate(hidden)
        ]
        hidden = [x + attend(layer.src_attn, norm(layer.norm2, x), list(frames)) for x in hidden]
        ffn = layer.feed_forward
        hidden = [x + ffn.w_2(F.relu(ffn.w_1(norm(layer.norm3, x)))) for x in hidden]
    return torch.stack([model.embed[0].weight @ norm(model.after_norm, x) for x in hidden])


@torch.no_grad()
def test_logits_equal_the_oracle_and_padding_changes_nothing():
    model = decoder()
    frames = torch.randn(2, 5, ENCODER_SIZE)
    tokens = torch.tensor([[10, 3, 7, 7], [10, 1, 10, 10]])
    logits, _ = model(frames, torch.tensor([5, 3]), tokens, torch.tensor([4, 2]))
    expected = oracle(model, frames[0], [10, 3, 7, 7])
    assert torch.allclose(logits[0], expected, atol=1e-5)
    expected = oracle(model, frames[1, :3], [10, 1])
    assert torch.allclose(logits[1, :2], expected, atol=1e-5)


def test_one_matrix_goes_in_and_out():
    model = decoder()
    assert model.output_layer.weight is model.embed[0].weight
    names = [name for name, _ in model.named_parameters()]
    assert "embed.0.weight" in names
    assert not any(name.startswith("output_layer") for name in names)
    assert set(model.state_dict()) - set(names) == {"output_layer.weight"}


def test_first_logits_are_of_order_one():
    torch.manual_seed(0)
    model = build_decoder("fairseq_transformer", 50, 6, {**CONF, "size": 64}).eval()
    logits, _ = model(
        torch.randn(1, 5, 6), torch.tensor([5]), torch.arange(9)[None], torch.tensor([9])
    )
    assert 0.3 < float(logits.detach().std()) < 3.0


@pytest.mark.parametrize("ctc_weight", [0.0, 0.3])
def test_the_search_gives_espnets_hypotheses(ctc_weight):
    logging.getLogger("espnet.nets.beam_search").setLevel(logging.ERROR)
    model = tiny_model(vocab_size=VOCAB_SIZE, size=ENCODER_SIZE)
    model.decoder = decoder()
    encoded = random_frames([9, 1, 12], size=ENCODER_SIZE)
    config = DecodeConfig(beam_size=4, ctc_weight=ctc_weight, nbest=4)
    ours = decode_batch(model, encoded, config)
    for got, expected in zip(ours, espnet_nbest(model, encoded, config), strict=True):
        assert [hypothesis.tokens for hypothesis in got] == [item[0] for item in expected]
        for hypothesis, (_, score, _) in zip(got, expected, strict=True):
            assert hypothesis.score == pytest.approx(score, abs=2e-4)


@pytest.mark.parametrize(
    ("encoder_size", "conf", "millions"),
    [
        (768, {}, 57.5),
        (1024, {}, 59.8),
        (1920, {}, 68.1),
        (1024, {"num_blocks": 9, "size": 1024, "linear_units": 4096, "attention_heads": 8}, 152.2),
    ],
)
def test_published_sizes(encoder_size, conf, millions):
    with torch.device("meta"):
        made = build_decoder("fairseq_transformer", 1000, encoder_size, conf)
    assert sum(p.numel() for p in made.parameters()) / 1e6 == pytest.approx(millions, abs=0.05)
