"""A small recogniser with ESPnet's CTC and decoder, and ESPnet's own beam search on it."""

from types import SimpleNamespace

import torch

from espnet_av.compat import CTC, BatchBeamSearch, CTCPrefixScorer, LengthBonus, TransformerDecoder


def tiny_model(vocab_size=13, size=16, seed=0, sharpness=3.0, **decoder_conf):
    """Random weights; `sharpness` scales the outputs so that scores differ clearly."""
    torch.manual_seed(seed)
    ctc = CTC(odim=vocab_size, encoder_output_size=size)
    decoder = TransformerDecoder(
        vocab_size, size, attention_heads=2, linear_units=32, num_blocks=2, **decoder_conf
    )
    with torch.no_grad():
        ctc.ctc_lo.weight.mul_(sharpness)
        decoder.output_layer.weight.mul_(sharpness)
    return SimpleNamespace(
        ctc=ctc.eval(),
        decoder=decoder.eval(),
        predictor=None,
        blank_id=0,
        sos=vocab_size - 1,
        eos=vocab_size - 1,
        vocab_size=vocab_size,
    )


def random_frames(lengths, size=16, seed=1):
    """Padded encoder output with rubbish in the padding."""
    generator = torch.Generator().manual_seed(seed)
    out = torch.randn(len(lengths), max(lengths), size, generator=generator)
    return SimpleNamespace(out=out, lengths=torch.tensor(lengths))


@torch.inference_mode()
def espnet_nbest(model, encoded, config):
    """Per utterance [(tokens, score, parts)], best first, by ESPnet, one utterance at a time."""
    search = BatchBeamSearch(
        scorers={
            "decoder": model.decoder,
            "ctc": CTCPrefixScorer(ctc=model.ctc, eos=model.eos),
            "length_bonus": LengthBonus(model.vocab_size),
        },
        weights={
            "decoder": 1.0 - config.ctc_weight,
            "ctc": config.ctc_weight,
            "length_bonus": config.length_penalty,
        },
        beam_size=config.beam_size,
        vocab_size=model.vocab_size,
        sos=model.sos,
        eos=model.eos,
        # ESPnet's recogniser does the same: without a full scorer there is nothing to pre-select by
        pre_beam_score_key=None if config.ctc_weight == 1.0 else "full",
    )
    results = []
    for frames, length in zip(encoded.out, encoded.lengths.tolist(), strict=True):
        found = search(
            frames[:length].clone(), maxlenratio=config.maxlenratio, minlenratio=config.minlenratio
        )
        results.append([_plain(hypothesis, model.eos) for hypothesis in found[: config.nbest]])
    return results


def _plain(hypothesis, eos):
    tokens = hypothesis.yseq.tolist()[1:]
    while tokens and tokens[-1] == eos:
        tokens.pop()
    parts = {name: float(value) for name, value in hypothesis.scores.items()}
    return tokens, float(hypothesis.score), parts
