"""Makes an ABX task: features as .npy and .pt, and an item file, from a seed."""

import argparse
from pathlib import Path

import numpy as np
import torch

from espnet_av.score.abx.items import AbxItem, Time, write_items

PHONES = [f"P{n:02d}" for n in range(39)]
NUM_VOWELS = 15


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--num_items", type=int, default=60_000)
    parser.add_argument("--num_speakers", type=int, default=40)
    parser.add_argument("--dim", type=int, default=768)
    parser.add_argument("--num_layers", type=int, default=1)
    parser.add_argument("--phones_a_file", type=int, default=80)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("out_dir", type=Path)
    options = parser.parse_args()
    draw = np.random.default_rng(options.seed)
    voices = draw.normal(size=(options.num_speakers, options.dim))
    sounds = draw.normal(size=(39, options.dim))
    items: list[AbxItem] = []
    number = 0
    while len(items) < options.num_items:
        speaker = number % options.num_speakers
        phones = spoken(draw, options.phones_a_file)
        # Off the grid of 10 ms, on which floats of older tools lose frames.
        steps = 50 * draw.integers(8, 28, len(phones))
        edges = 25 + np.concatenate([[0], np.cumsum(steps)])
        name = f"s{speaker:02d}-{number:05d}"
        write_features(options, draw, name, phones, edges, sounds, 0.7 * voices[speaker])
        items += triphones(name, phones, edges, f"s{speaker:02d}")
        number += 1
    write_items(options.out_dir / "task.item", items[: options.num_items])


def spoken(draw: np.random.Generator, count: int) -> np.ndarray:
    """Vowels and consonants in turn, some of them frequent."""
    phones = np.empty(count, dtype=int)
    for first, low, high in ((0, 0, NUM_VOWELS), (1, NUM_VOWELS, 39)):
        weight = 1 / np.arange(1, high - low + 1)
        phones[first::2] = low + draw.choice(
            high - low, len(phones[first::2]), p=weight / weight.sum()
        )
    return phones


def write_features(
    options: argparse.Namespace,
    draw: np.random.Generator,
    name: str,
    phones: np.ndarray,
    edges: np.ndarray,
    sounds: np.ndarray,
    voice: np.ndarray,
) -> None:
    """Frames whose centres lie in a phone are like it."""
    num_frames = int(edges[-1]) // 200 + 1
    centres = 100 + 200 * np.arange(num_frames)
    phone = phones[np.minimum(np.searchsorted(edges, centres, side="right") - 1, len(phones) - 1)]
    for layer in range(options.num_layers):
        noise = 3.0 * draw.normal(size=(num_frames, options.dim))
        frames = (sounds[phone] + voice + noise).astype(np.float32)
        for kind in ("npy", "pt"):
            folder = options.out_dir / kind / f"layer{layer + 1}"
            folder.mkdir(parents=True, exist_ok=True)
            if kind == "npy":
                np.save(folder / f"{name}.npy", frames)
            else:
                torch.save(torch.from_numpy(frames), folder / f"{name}.pt")


def triphones(name: str, phones: np.ndarray, edges: np.ndarray, speaker: str) -> list[AbxItem]:
    """Items in ticks of 10 kHz."""
    items = []
    for k in range(1, len(phones) - 1):
        times = (Time(int(edges[n]), 10_000) for n in (k - 1, k + 2))
        labels = (PHONES[phones[n]] for n in (k, k - 1, k + 1))
        items.append(AbxItem(name, *times, *labels, speaker))
    return items


if __name__ == "__main__":
    main()
