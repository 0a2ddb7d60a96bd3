"""Texts of a whole test set: batches by length, results by utterance, files of a condition."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from espnet_av.data.batch import Batch
from espnet_av.data.batch_plan import plan_batches
from espnet_av.data.data_dir import DataDir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.evaluation_batches import evaluation_batches
from espnet_av.data.table import write_table
from espnet_av.data.target import reference_texts, text_lang
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.predict.example import EXAMPLE
from espnet_av.predict.prediction import Predictions, Work
from espnet_av.predict.recognition import Recognition
from espnet_av.predict.text_example import write_example
from espnet_av.search.alignment import TokenSpan, WordTime, align_tokens, word_times
from espnet_av.search.decode_batch import EncodedFrames, decode_batch, is_told_its_language
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.search.hypothesis import Hypothesis
from espnet_av.search.lexicon import Lexicon
from espnet_av.search.ngram_lm import NGramLM

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Texts(Predictions):
    """What a recogniser wrote of a set."""

    found: Mapping[str, Recognition]

    @property
    def seconds(self) -> float:
        """What the encoder's frames last."""
        num_frames = sum(result.num_frames for result in self.found.values())
        return float(num_frames / self.work.model.feature_rate)

    def facts(self) -> dict[str, Any]:
        """The language written, and how many texts are empty."""
        silent = sum(not result.texts or not result.texts[0] for result in self.found.values())
        return {"target_lang": self.dataset.config.target_lang, "num_empty": silent}

    def write(self, folder: Path, data: DataDir) -> None:
        """Write `text` (best hypotheses), `ref`, `nbest.jsonl` and `example.npz`.

        `ref` holds the transcripts, if the set has them; for a model that translates, the
        translations into its language, and `ref.source` what was said.
        """
        utt_ids = self.ordered(data)
        write_table(folder / "text", {u: (self.found[u].texts or [""])[0] for u in utt_ids})
        refs = reference_texts(data, self.dataset.config.target_lang)
        if refs:
            write_table(folder / "ref", {u: refs[u] for u in utt_ids if u in refs})
            self._write_sources(folder, data, refs)
        with (folder / "nbest.jsonl").open("w", encoding="utf-8") as stream:
            for utt_id in utt_ids:
                record = self.found[utt_id].as_record()
                stream.write(json.dumps(record, ensure_ascii=False) + "\n")
        sample = self.dataset[0]  # the same utterance in every condition
        model, tokenizer = self.work.model, self.work.tokenizer
        assert tokenizer is not None, "a model that writes text has tokens"
        result = self.found[sample.utt_id]
        path = folder / EXAMPLE
        write_example(path, model, sample, result, tokenizer, device=self.work.device)

    def _write_sources(self, folder: Path, data: DataDir, refs: Mapping[str, str]) -> None:
        """What was said, where the references are not that, and it is known."""
        said = data.tables.get("text", {})
        found = {u: said[u] for u in self.ordered(data) if u in said and u in refs}
        if any(text != refs[u] for u, text in found.items()):
            write_table(folder / "ref.source", found)


def predict_texts(work: Work, dataset: AVDataset, advance: Callable[[int], None]) -> Texts:
    """Recognise every utterance of a test set."""
    assert work.tokenizer is not None, "a model that writes text has tokens"
    results = decode_set(
        work.model,
        dataset,
        work.tokenizer,
        work.config,
        device=work.device,
        num_workers=work.num_workers,
        lm=work.lm,
        advance=advance,
    )
    return Texts(found=results, work=work, dataset=dataset)


@torch.inference_mode()
def encode_batches(
    model: Any,
    dataset: AVDataset,
    batch_frames: int,
    *,
    device: torch.device | str = "cpu",
    num_workers: int = 0,
) -> Iterator[tuple[Batch, EncodedFrames]]:
    """Encoder output of every batch of a test set, longest utterances first."""
    plan = plan_batches(dataset.num_frames, batch_frames)
    for batch in evaluation_batches(dataset, plan, num_workers):
        on_device = batch.to(device)
        yield (
            batch,
            model.encode(
                on_device.speech,
                on_device.speech_lengths,
                on_device.video,
                on_device.video_lengths,
                batch.utt_id,
            ),
        )


@torch.inference_mode()
def decode_set(
    model: Any,
    dataset: AVDataset,
    tokenizer: Tokenizer,
    config: DecodeConfig,
    *,
    device: torch.device | str = "cpu",
    num_workers: int = 0,
    lm: NGramLM | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> dict[str, Recognition]:
    """Recognise every utterance of a test set.

    Args:
        model: in eval mode, on `device`.
        dataset: of the test set, not for training.
        tokenizer: turns ids into text.
        config: search settings; `batch_frames` changes speed and memory, not results.
        device: where the model is.
        num_workers: loading processes besides this one.
        lm: the language model of `config`, if it has been read before.
        advance: called with the number of utterances just finished.

    Returns:
        results by utterance id.
    """
    results: dict[str, Recognition] = {}
    lexicon = Lexicon.of_training_words(tokenizer) if config.lexicon == "words" else None
    lm = lm or read_lm(config, tokenizer)
    batches = encode_batches(
        model, dataset, config.batch_frames, device=device, num_workers=num_workers
    )
    for batch, encoded in batches:
        given = given_tags(model, dataset, tokenizer, batch.utt_id)
        found = decode_batch(model, encoded, config, lexicon, lm, given)
        for row, (utt_id, hypotheses) in enumerate(zip(batch.utt_id, found, strict=True)):
            frames = encoded.out[row, : int(encoded.lengths[row])]
            results[utt_id] = Recognition(
                utt_id=utt_id,
                hypotheses=hypotheses,
                texts=[tokenizer.decode(hypothesis.tokens) for hypothesis in hypotheses],
                words=time_words(model, frames, hypotheses, tokenizer),
                num_frames=len(frames),
            )
        advance(len(found))
    return results


def given_tags(
    model: Any, dataset: AVDataset, tokenizer: Tokenizer, utt_ids: Sequence[str]
) -> list[list[int]] | None:
    """What the text of each utterance begins with; None: the model finds all of it itself.

    Raises:
        ConfigError: the tokens have no tag for a language that is asked for.
    """
    if not is_told_its_language(model):
        return None
    lang = dataset.config.target_lang
    return [tokenizer.encode("", text_lang(dataset.data, utt_id, lang)) for utt_id in utt_ids]


def read_lm(config: DecodeConfig, tokenizer: Tokenizer) -> NGramLM | None:
    """The language model that a search is to use; None: it uses none.

    Raises:
        ConfigError: see `NGramLM.read`.
    """
    if config.lm_file is None:
        return None
    return NGramLM.read(config.lm_file, tokenizer.tokens)


def time_words(
    model: Any, frames: torch.Tensor, hypotheses: Sequence[Hypothesis], tokenizer: Tokenizer
) -> list[WordTime] | None:
    """Times of the best hypothesis's words: by CTC alignment, else as its path has them.

    A transducer's path tells one frame for each token; where CTC was trained too, it tells better.

    Args:
        model: with `blank_id`, `eos`, `feature_rate` and `ctc`, None where it has none.
        frames: (T, D) encoder output of one utterance, without padding.
        hypotheses: best first.
        tokenizer: names the tokens.

    Returns:
        None when there is no hypothesis, or neither a path nor a CTC layer whose frames can hold
        the tokens.
    """
    if not hypotheses:
        return None
    special = (model.blank_id, model.eos)
    spans = None
    if model.ctc is not None:
        tokens = [token for token in hypotheses[0].tokens if token not in special]
        log_probs = model.ctc.log_softmax(frames[None])[0]
        spans = align_tokens(log_probs, tokens, model.blank_id)
    if spans is None:
        spans = _path_spans(hypotheses[0])
    if spans is None:
        return None
    spans = [span for span in spans if span.token not in special]
    pieces = [tokenizer.tokens[span.token] for span in spans]
    return word_times(pieces, spans, 1.0 / model.feature_rate)


def _path_spans(hypothesis: Hypothesis) -> list[TokenSpan] | None:
    """A frame for each token, where the search knows it."""
    if hypothesis.frames is None or hypothesis.probabilities is None:
        return None
    path = zip(hypothesis.tokens, hypothesis.frames, hypothesis.probabilities, strict=True)
    return [TokenSpan(token, frame, frame + 1, probability) for token, frame, probability in path]
