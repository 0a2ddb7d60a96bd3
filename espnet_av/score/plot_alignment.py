"""Picture: what a model saw, heard and recognised in one utterance, over time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from espnet_av.data.sentencepiece_model import SPACE
from espnet_av.figure import INK, new_figure, save, style_axes
from espnet_av.predict.example import read_example
from espnet_av.rates import FRAME_HZ, SAMPLE_RATE

_NUM_FRAMES_SHOWN = 11
_WINDOW, _HOP = 400, 160
_RANGE_DB = 70.0


def plot_alignment(example: Path, path: Path, *, title: str, reference: str) -> None:
    """Draw mouth frames, spectrogram, CTC probabilities and attention on one time axis.

    Args:
        example: the `example.npz` of a decoded condition; panels whose arrays are missing in it
            are left out.
        path: PNG to write.
        title: of the condition.
        reference: what was said.
    """
    data = read_example(example)
    panels = [
        (name, draw, height)
        for name, draw, height in (
            ("video", _draw_frames, 0.65),
            ("speech", _draw_spectrogram, 1.3),
            ("probabilities", _draw_probabilities, 0.5 + 0.13 * len(data["tokens"])),
            ("attention", _draw_attention, 0.5 + 0.13 * len(data["tokens"])),
        )
        if name in data
    ]
    heights = [height for *_, height in panels]
    figure = new_figure(9.5, 1.2 + 1.15 * sum(heights))
    grid = figure.add_gridspec(len(panels), 2, height_ratios=heights, width_ratios=[60, 1])
    seconds = _duration(data)
    for row, (name, draw, _) in enumerate(panels):
        axes = figure.add_subplot(grid[row, 0])
        bar = figure.add_subplot(grid[row, 1])
        draw(axes, bar, data, seconds)
        axes.set_xlim(0, seconds)
        if row < len(panels) - 1 or name == "video":
            axes.tick_params(labelbottom=False)
        else:
            axes.set_xlabel("time (s)", color=INK)
    figure.suptitle(
        f"{title}   {data['utt_id']}\nsaid: {reference}\nread: {data['text']}",
        color=INK,
        fontsize=10,
        x=0.01,
        ha="left",
    )
    save(figure, path)


def _duration(data: dict[str, Any]) -> float:
    for name, rate in (("speech", SAMPLE_RATE), ("video", FRAME_HZ), ("probabilities", FRAME_HZ)):
        if name in data:
            return len(data[name]) / rate
    return data["attention"].shape[1] / FRAME_HZ


def _draw_frames(axes: Any, bar: Any, data: dict[str, Any], seconds: float) -> None:
    video = data["video"]
    shown = min(_NUM_FRAMES_SHOWN, len(video))
    chosen = np.linspace(0, len(video) - 1, 2 * shown + 1).round().astype(int)[1::2]
    strip = np.concatenate([video[index] for index in chosen], axis=1)
    axes.imshow(strip, cmap="gray", vmin=0, vmax=255, extent=(0, seconds, 0, 1), aspect="auto")
    axes.set_yticks([])
    axes.set_ylabel("mouth", color=INK, fontsize=9)
    bar.axis("off")


def _draw_spectrogram(axes: Any, bar: Any, data: dict[str, Any], seconds: float) -> None:
    power = spectrogram_db(data["speech"])
    image = axes.imshow(
        power.T,
        origin="lower",
        cmap="magma",
        vmin=power.max() - _RANGE_DB,
        vmax=power.max(),
        extent=(0, seconds, 0, SAMPLE_RATE / 2000),
        aspect="auto",
    )
    axes.set_ylabel("kHz", color=INK, fontsize=9)
    _label_bar(bar, image, "dB")


def spectrogram_db(speech: np.ndarray) -> np.ndarray:
    """(S,) at 16 kHz to (T, 201) power in decibels: 25 ms Hann windows every 10 ms."""
    padded = np.pad(speech.astype(np.float64), (0, max(0, _WINDOW - len(speech))))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    spectrum = np.fft.rfft(windows * np.hanning(_WINDOW), axis=1)
    return 10 * np.log10(np.abs(spectrum) ** 2 + 1e-10)


def _draw_probabilities(axes: Any, bar: Any, data: dict[str, Any], seconds: float) -> None:
    _draw_rows(axes, bar, data["probabilities"].T, ["(blank)", *data["tokens"]], seconds)
    axes.set_ylabel("CTC", color=INK, fontsize=9)


def _draw_attention(axes: Any, bar: Any, data: dict[str, Any], seconds: float) -> None:
    _draw_rows(axes, bar, data["attention"], [*data["tokens"], "(end)"], seconds)
    axes.set_ylabel("attention", color=INK, fontsize=9)


def _draw_rows(axes: Any, bar: Any, values: np.ndarray, labels: list[str], seconds: float) -> None:
    image = axes.imshow(
        values,
        cmap="viridis",
        vmin=0,
        vmax=float(values.max()),
        extent=(0, seconds, len(labels), 0),
        aspect="auto",
        interpolation="nearest",
    )
    visible = [label.replace(SPACE, "_") for label in labels]
    axes.set_yticks(np.arange(len(labels)) + 0.5, visible, fontsize=7)
    style_axes(axes, grid=False)
    axes.tick_params(axis="y", length=0)
    _label_bar(bar, image, "probability")


def _label_bar(bar: Any, image: Any, unit: str) -> None:
    colorbar = bar.figure.colorbar(image, cax=bar)
    colorbar.set_label(unit, color=INK, fontsize=8)
    colorbar.ax.tick_params(labelsize=7)
    colorbar.outline.set_visible(False)
