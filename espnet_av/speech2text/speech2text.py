"""Recognition of single files: track, cut, decode."""

from __future__ import annotations

import dataclasses
import itertools
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from espnet_av.data.dataset import AVDataset
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.errors import ConfigError, DataDirError, MediaError
from espnet_av.media.track_length import track_span
from espnet_av.pack import open_model
from espnet_av.predict.recognition import Recognition
from espnet_av.predict.text import decode_set, read_lm
from espnet_av.rates import FRAME_HZ, SAMPLES_PER_FRAME
from espnet_av.roi.config import RoiConfig
from espnet_av.roi.extract import NoMouthError
from espnet_av.search.alignment import WordTime
from espnet_av.search.decode_batch import check_search, default_search
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.speech2text.file_dump import (
    for_files,
    from_to,
    in_file,
    name_windows,
    write_file_dump,
)
from espnet_av.speech2text.joining import join_passages
from espnet_av.speech2text.language import checked_language
from espnet_av.speech2text.modes import MODALITIES, AskedMode, Mode, mode_of_tracks, usable_mode
from espnet_av.speech2text.picture import PictureSpan, find_picture, plan_file
from espnet_av.speech2text.sound import read_sound
from espnet_av.speech2text.transcript import Passage, Transcript
from espnet_av.speech2text.windows import DEFAULT_WINDOW_SEC, Window, window_sec
from espnet_av.temporary import temporary_folder
from espnet_av.train.loading import load_recogniser
from espnet_av.train.longest import read_longest

logger = logging.getLogger(__name__)

_WHOLE = 1.1
"""Share of a window that a file may have and be left whole: training slows speech by as much."""
_LEAST_WINDOWS = 8
"""Windows that are cut and recognised together, at least."""


class Speech2Text:
    """Recognises video and audio files.

    Args:
        model: in eval mode, on `device`.
        tokenizer: of the model.
        dataset: how the model's data were prepared.
        decode: the search.
        roi: how mouths are found and cut.
        device: where the model is.
        max_window_sec: files that are more than a tenth longer are cut into windows in pauses.
        target_lang: language to write, for a model that is told; None = that of its configuration.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Tokenizer,
        dataset: DatasetConfig,
        decode: DecodeConfig,
        roi: RoiConfig,
        device: str | torch.device = "cpu",
        max_window_sec: float = DEFAULT_WINDOW_SEC,
        target_lang: str | None = None,
    ) -> None:
        self.model, self.tokenizer, self.decode, self.device = model, tokenizer, decode, device
        lang = checked_language(model, tokenizer, target_lang, dataset.target_lang)
        self._dataset = dataclasses.replace(dataset.for_tests(), target_lang=lang)
        self._roi = for_files(roi)
        self._lm = read_lm(decode, tokenizer)
        self._max_frames = max(1, int(max_window_sec * FRAME_HZ))

    @classmethod
    def from_pretrained(
        cls,
        path: str | Path,
        device: str | torch.device = "cpu",
        decode: DecodeConfig | None = None,
        roi: RoiConfig | None = None,
        max_window_sec: float | None = None,
        target_lang: str | None = None,
    ) -> Speech2Text:
        """Load a packed model or a finished experiment folder.

        Args:
            path: a zip of `espnet-av pack`, or `exp/<tag>`.
            device: where the model goes.
            decode: instead of the search in the zip; an experiment has none and takes the best one
                for its parts: transducer beam, attention (with CTC if there is one) or CTC prefix
                search.
            roi: instead of the mouth settings in the zip; an experiment takes the defaults.
            max_window_sec: longer files are cut in pauses; None = as long as the longest utterance
                that the model learned from.
            target_lang: language to write, for a model that is told; None = that which it learned.

        Raises:
            CheckpointError: no such model, it writes no text, or it is damaged or hostile.
            ConfigError: the model lacks a part that the search needs, or has no such language, or
                has to be told one.
        """
        with open_model(path) as files:
            model, config, tokenizer = load_recogniser(files.folder, files.checkpoint, device)
            decode = decode or files.decode or default_search(model)
            check_search(model, decode)
            roi = roi or files.roi or RoiConfig()
            window = window_sec(max_window_sec, read_longest(files.folder), path)
            parts = (model, tokenizer, config.dataset, decode, roi, device, window)
            return cls(*parts, target_lang=target_lang)

    def __call__(
        self,
        video_path: str | Path | None = None,
        audio_path: str | Path | None = None,
        mode: AskedMode = "auto",
    ) -> Transcript:
        """Recognise one file, or the sound of one with the picture of another.

        In mode `auto` lips are used wherever there is a face, and sound wherever there is sound.
        In mode `av`, what has no picture, and windows of a longer file that show no face, are
        recognised by sound alone, but a file that shows no face at all is refused. By a model that
        was trained without lips everything is recognised by sound.

        Args:
            video_path: file with the face; not needed in mode `a`.
            audio_path: file with the sound; None = in `video_path`. Not needed in mode `v`.
            mode: what there is, sound and lips, sound alone, lips alone.

        Raises:
            MediaError: a file cannot be read, lacks the track that the mode needs, or shows no
                face (`NoMouthError`); in mode `v`, one of its windows shows none.
            ConfigError: the mode is misspelt, or the file it needs is not given.
        """
        return Transcript(passages=list(self.stream(video_path, audio_path, mode)))

    def stream(
        self,
        video_path: str | Path | None = None,
        audio_path: str | Path | None = None,
        mode: AskedMode = "auto",
        planned: Callable[[float], None] = lambda seconds: None,
    ) -> Iterator[Passage]:
        """The passages of a file in order, as they are found; as `__call__`.

        Args:
            video_path: see `__call__`, as the next two.
            audio_path: file with the sound.
            mode: what is used.
            planned: told, before the first passage, how many seconds the file has.
        """
        asked = usable_mode(mode, self.model)
        mode = _mode_of_files(asked, video_path, audio_path)
        audio = None if mode == "v" else audio_path or video_path
        video = None if mode == "a" else video_path
        if (mode != "v" and audio is None) or (mode != "a" and video is None):
            msg = f"mode '{mode}' needs {'a video_path' if mode != 'a' else 'an audio_path'}"
            raise ConfigError(msg)
        speech = None if audio is None else read_sound(audio, fit_to_picture=mode == "a")
        picture = None if video is None else _find_picture(video, mode)
        windows = plan_file(picture, self._longest_window(picture, speech), speech)
        if video is not None:
            _tell_of_parts_without_picture(windows, video)
        num_frames = _num_frames(picture, speech)
        planned(num_frames / FRAME_HZ)
        names = name_windows(windows)
        parts = self._recognise(
            names, speech, video, mode, must_see=asked == "av", path=audio or video
        )
        yield from join_passages(parts)

    def _recognise(
        self,
        names: dict[str, Window],
        speech: np.ndarray | None,
        video: str | Path | None,
        mode: Mode,
        *,
        must_see: bool,
        path: str | Path | None,
    ) -> Iterator[Passage]:
        """The passages of all windows, a few windows at a time: memory does not grow with them."""
        needs_mouth = speech is None or (must_see and len(names) == 1)
        is_seen = False
        for part in self._groups(names):
            with temporary_folder() as folder:
                sees = write_file_dump(
                    Path(folder), part, speech, video, self._roi, needs_mouth=needs_mouth
                )
                is_seen |= sees
                modalities = MODALITIES[mode if sees else "a"]
                try:
                    dataset = AVDataset(folder, None, self._dataset, modalities=modalities)
                    found = self._search(dataset)
                except DataDirError as error:
                    # The names of the windows are ours alone.
                    msg = f"{path}: {in_file(str(error), part)}"
                    raise MediaError(msg) from error
            rate = self.model.feature_rate
            yield from (_passage(found[name], window, rate) for name, window in part.items())
        if video is not None and not is_seen and all(w.has_picture for w in names.values()):
            msg = f"{video}: no mouth in any part of the video"
            if must_see:
                msg += "; look at it, or take mode 'a'"
                raise NoMouthError(msg, reason="no_face")
            logger.warning("%s; by sound alone", msg)

    def _groups(self, names: dict[str, Window]) -> Iterator[dict[str, Window]]:
        """Windows in order, as many as are recognised in one batch."""
        size = max(_LEAST_WINDOWS, self.decode.batch_frames // self._max_frames)
        items = iter(names.items())
        while part := dict(itertools.islice(items, size)):
            yield part

    def _longest_window(self, picture: PictureSpan | None, speech: np.ndarray | None) -> int:
        """Frames of the longest window: the limit, or all of a file that hardly exceeds it."""
        num_frames = _num_frames(picture, speech)
        return num_frames if num_frames <= _WHOLE * self._max_frames else self._max_frames

    def _search(self, dataset: AVDataset) -> dict[str, Recognition]:
        model, tokenizer = self.model, self.tokenizer
        return decode_set(model, dataset, tokenizer, self.decode, device=self.device, lm=self._lm)


def _num_frames(picture: PictureSpan | None, speech: np.ndarray | None) -> int:
    """Length of a file at 25 Hz."""
    num_seen = 0 if picture is None else picture.end
    return max(num_seen, 0 if speech is None else len(speech) // SAMPLES_PER_FRAME)


def _mode_of_files(
    asked: AskedMode, video_path: str | Path | None, audio_path: str | Path | None
) -> Mode:
    """The mode that files have the tracks for."""
    if asked != "auto":
        return mode_of_tracks(asked, has_sound=True, has_picture=True)
    has_picture = video_path is not None and find_picture(video_path) is not None
    has_sound = audio_path is not None or (
        video_path is not None and track_span(video_path, "audio") is not None
    )
    return mode_of_tracks(asked, has_sound, has_picture)


def _find_picture(video: str | Path, mode: Mode) -> PictureSpan | None:
    """Where the picture is; None: the file has none, and it is not needed."""
    picture = find_picture(video)
    if picture is None and mode == "v":
        msg = f"{video}: no picture in it (a cover is none); for its sound take mode 'a'"
        raise MediaError(msg)
    return picture


def _tell_of_parts_without_picture(windows: list[Window], video: str | Path) -> None:
    for has_picture, part in itertools.groupby(windows, lambda window: window.has_picture):
        if not has_picture:
            stretch = list(part)
            span = from_to(stretch[0].start, stretch[-1].end)
            logger.warning("%s: no picture %s; by sound alone there", video, span)


def _passage(found: Recognition, window: Window, frame_hz: float) -> Passage:
    words = found.words and [
        WordTime(
            word.word,
            round(word.start + window.start, 3),
            round(word.end + window.start, 3),
            word.probability,
        )
        for word in found.words
    ]
    return Passage(
        start=window.start,
        end=round(window.start + found.num_frames / frame_hz, 3),
        texts=found.texts,
        scores=[hypothesis.score for hypothesis in found.hypotheses],
        words=words,
    )
