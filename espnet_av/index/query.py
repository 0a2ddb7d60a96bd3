"""Questions to an index: words through its teacher, sounds through its model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from espnet_av.data.batch import collate
from espnet_av.data.dataset import AVDataset
from espnet_av.errors import CheckpointError, ConfigError, MediaError
from espnet_av.index.meaning_index import MeaningIndex
from espnet_av.index.report import find_place
from espnet_av.index.source import SpeechModel, load_speech_model
from espnet_av.roi.config import RoiConfig
from espnet_av.speech2text.file_dump import for_files, name_windows, write_file_dump
from espnet_av.speech2text.picture import find_picture
from espnet_av.speech2text.sound import read_sound
from espnet_av.speech2text.windows import Window
from espnet_av.temporary import temporary_folder
from espnet_av.vectors.encoder import TextEncoder, recognise_use, sentence_of


class Questions:
    """Turns questions into vectors that can be compared with those of an index.

    Args:
        index: that is asked.
        teacher: folder of its text encoder; None: where the index says that it is.
        model: its model, packed or an experiment; None: likewise.
        device: where they run.
        roi: how mouths are found and cut, where the model looks at lips; None: the defaults.
    """

    def __init__(
        self,
        index: MeaningIndex,
        teacher: Path | None = None,
        model: Path | None = None,
        device: str = "cpu",
        roi: RoiConfig | None = None,
    ) -> None:
        self._index, self._teacher, self._model_path = index, teacher, model
        self._device, self._roi = device, roi

    def of_words(self, texts: Sequence[str]) -> np.ndarray:
        """(Q, D) float32 vectors of sentences.

        Raises:
            CheckpointError: the text encoder is not at hand, or it is another one.
            ConfigError: a sentence is empty.
        """
        sentences = [sentence_of(text) for text in texts]
        if not all(sentences):
            msg = "a question without a word; say what the utterances are to be about"
            raise ConfigError(msg)
        found = {place: vector for place, vector, _ in self._encoder.encode(sentences)}
        return np.stack([found[place] for place in range(len(sentences))])

    def of_file(self, path: str | Path) -> np.ndarray:
        """(D,) float32 vector of what is said in a file, by its sound, its lips, or both.

        Raises:
            CheckpointError: the model is not at hand, or it is another one.
            MediaError: the file cannot be read, or has nothing that the model takes.
        """
        model, modality = self._model, self._index.report.modality
        speech = None
        if modality != "V":
            speech = read_sound(path, fit_to_picture=modality == "A")
        picture = None if modality == "A" else find_picture(path)
        if modality == "V" and picture is None:
            msg = f"{path}: no picture in it, but this index is of lips; ask with a film, or words"
            raise MediaError(msg)
        names = name_windows([Window(0.0, None)])
        with temporary_folder() as folder:
            video = None if picture is None else path
            roi = self._roi or model.roi or RoiConfig()
            if video is not None:
                roi = for_files(roi)
            needed = speech is None
            write_file_dump(Path(folder), names, speech, video, roi, needs_mouth=needed)
            dataset = AVDataset(folder, None, model.dataset, modalities=modality)
            (vector,) = model.vectors(collate([dataset[0]]))
        return np.asarray(vector)

    @cached_property
    def _encoder(self) -> TextEncoder:
        noted, where = self._index.report.teacher, self._index.folder
        if noted is None:
            msg = (
                f"{where}: an index of a model that learned from no text encoder, or from one that "
                "nobody noted, so words mean nothing to it; ask with a sound file"
            )
            raise CheckpointError(msg)
        folder = self._teacher or find_place(noted.places, where)
        if folder is None:
            name = noted.model or f"the teacher {noted.id} of the model"
            wanted = f"{name}, revision {noted.revision}" if noted.revision else name
            there = f" (it was in {noted.places[-1]})" if noted.places else ""
            msg = (
                f"{where}: words need the text encoder, which is not at hand{there}; give the "
                f"folder of {wanted} with --teacher, or ask with a sound file"
            )
            raise CheckpointError(msg)
        use = recognise_use(folder, noted.id)
        if use is None:
            msg = (
                f"{folder}: is not the text encoder of {where} (teacher {noted.id}"
                f"{f', {noted.model}' if noted.model else ''}); give the right one with --teacher, "
                "or make an index with a model that learned from this one"
            )
            raise CheckpointError(msg)
        return TextEncoder(folder, use, self._device)

    @cached_property
    def _model(self) -> SpeechModel:
        noted, where = self._index.report.model, self._index.folder
        path = self._model_path or find_place(noted.places, where)
        if path is None:
            msg = (
                f"{where}: sounds need the model that made the index, which is not at hand (it was "
                f"in {noted.places[-1]}); give it with --model, or ask with words"
            )
            raise CheckpointError(msg)
        is_noted = path.is_dir() and (path / noted.checkpoint).is_file()
        model = load_speech_model(path, noted.checkpoint if is_noted else None, self._device)
        if model.sha256 != noted.sha256:
            msg = (
                f"{path}: is not the model that made {where} (its checksum differs): "
                "another one, or trained anew; give the right one with --model, or make the "
                "index again ('espnet-av index')"
            )
            raise CheckpointError(msg)
        return model
