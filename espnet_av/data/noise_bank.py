"""Noise: mixing at a signal-to-noise ratio, babble from voices, and a folder of hashed noises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from espnet_av.atomic import atomic_write
from espnet_av.errors import DataDirError, MediaError, raise_machine_fault
from espnet_av.fingerprint import file_fingerprint, fingerprint, number_of
from espnet_av.text_file import read_text

MANIFEST = "noise.tsv"


def mix(speech: np.ndarray, noise: np.ndarray, snr_db: float) -> np.ndarray:
    """Add noise to speech at a ratio of the root mean squares of both over the whole clip.

    Args:
        speech: (S,) float in [-1, 1].
        noise: (N,) float, N >= 1; repeated or cut, from its first sample on, to S samples.
        snr_db: speech level minus noise level in decibels.

    Returns:
        (S,) float32 in [-1, 1]; the whole mixture is scaled down where a sample would exceed 1.
        Speech comes back unchanged when either of the two is silent.
    """
    fitted = np.resize(noise, len(speech)).astype(np.float64)
    levels = [float(np.sqrt(np.mean(np.square(x, dtype=np.float64)))) for x in (speech, fitted)]
    if not all(levels):
        return speech.astype(np.float32)
    mixture = speech + fitted * (levels[0] / levels[1] * 10 ** (-snr_db / 20))
    return (mixture / max(1.0, float(np.abs(mixture).max()))).astype(np.float32)


def make_babble(voices: Sequence[np.ndarray], num_samples: int) -> np.ndarray:
    """Mean of several voices, as AV-HuBERT makes babble (arXiv 2201.01763).

    Args:
        voices: (S_i,) float each; repeated or cut to `num_samples`.
        num_samples: length of the babble.

    Returns:
        (num_samples,) float32.
    """
    total = np.zeros(num_samples, np.float64)
    for voice in voices:
        total += np.resize(voice, num_samples)
    return (total / len(voices)).astype(np.float32)


class Noise(NamedTuple):
    """One line of `noise.tsv`."""

    noise_id: str
    category: str
    split: str
    path: str
    """FLAC file, relative to the manifest's folder."""
    num_samples: int
    sha256: str
    num_bytes: int


@dataclass(frozen=True)
class NoiseBank:
    """The noises of one split, read from `noise.tsv`."""

    path: Path
    noises: dict[str, list[Noise]]
    """Category -> noises, sorted by id."""

    @staticmethod
    def load(path: str | Path, *, full: bool = False) -> NoiseBank:
        """Read a folder of noises and check that its files are those of the manifest.

        Args:
            path: folder with `noise.tsv`.
            full: compare the files' digests too, not only their sizes.

        Raises:
            DataDirError: no or a broken manifest, a file that is missing or has changed.
        """
        path = Path(path)
        noises: dict[str, list[Noise]] = {}
        for noise in _read_manifest(path / MANIFEST):
            _check_file(path / noise.path, noise, full)
            noises.setdefault(noise.category, []).append(noise)
        return NoiseBank(path, noises)

    @property
    def categories(self) -> list[str]:
        """Kinds of noise there are, sorted."""
        return sorted(self.noises)

    def sample(
        self, rng: np.random.Generator, categories: Sequence[str] | None = None
    ) -> np.ndarray:
        """Draw a category, then one of its noises, then where it begins; all with equal chances.

        A noise of 10 s so serves clips of 3 s with much more than its first 3 s; what is before
        the beginning comes at the end.

        Returns:
            (N,) float32 at the rate the noises were made for (16 kHz).

        Raises:
            DataDirError: no such category.
        """
        names = sorted(categories) if categories else self.categories
        noises = self._of(names[int(rng.integers(len(names)))])
        wave = self.read(noises[int(rng.integers(len(noises)))])
        return np.roll(wave, -int(rng.integers(len(wave))))

    def choose(self, utt_id: str, category: str, seed: int) -> Noise:
        """The noise a test utterance always gets: a hash of utterance, category and seed.

        Raises:
            DataDirError: no such category.
        """
        noises = self._of(category)
        return noises[number_of(f"{seed}\t{category}\t{utt_id}") % len(noises)]

    def for_utterance(self, utt_id: str, category: str, seed: int) -> np.ndarray:
        """Sound of `choose`: (N,) float32."""
        return self.read(self.choose(utt_id, category, seed))

    def read(self, noise: Noise) -> np.ndarray:
        """Sound of a noise: (N,) float32.

        Raises:
            MediaError: its file cannot be read.
        """
        try:
            with (self.path / noise.path).open("rb") as stream:
                wave, _ = soundfile.read(stream, dtype="float32")
        except (OSError, soundfile.LibsndfileError) as error:
            raise_machine_fault(error, self.path / noise.path)
            msg = f"{self.path / noise.path}: unreadable noise ({error}); {_again(self.path)}"
            raise MediaError(msg) from error
        return wave

    def _of(self, category: str) -> list[Noise]:
        if category not in self.noises:
            msg = (
                f"{self.path / MANIFEST}: no noise of category '{category}'; there are: "
                f"{', '.join(self.categories)}"
            )
            raise DataDirError(msg)
        return self.noises[category]


def write_noise(path: Path, wave: np.ndarray, fs: int) -> tuple[str, int]:
    """Write (N,) float audio as 16-bit FLAC; digest and size of the file."""
    with atomic_write(path, "wb") as stream:
        soundfile.write(stream, np.clip(wave, -1, 1), fs, format="FLAC", subtype="PCM_16")
    content = path.read_bytes()
    return fingerprint([content]), len(content)


def write_manifest(path: Path, noises: Sequence[Noise]) -> None:
    """Write `noise.tsv` into a folder, sorted by id; the last step of making one."""
    with atomic_write(path / MANIFEST) as stream:
        stream.write("\t".join(Noise._fields) + "\n")
        for noise in sorted(noises):
            stream.write("\t".join(map(str, noise)) + "\n")


def _again(split_dir: Path) -> str:
    """Cure of a damaged noise: the stage takes itself for done where its mark is."""
    done = split_dir.parent / ".done"
    return (f"delete {done} and " if done.exists() else "") + "make the noises again (stage 3)"


def _read_manifest(path: Path) -> list[Noise]:
    cure = f"{_again(path.parent)}, or with python -m espnet_av.bin.noise"
    if not path.exists():
        msg = f"{path}: missing; {cure}"
        raise DataDirError(msg)
    lines = read_text(path, DataDirError, cure).splitlines()
    noises = []
    for number, line in enumerate(lines[1:], start=2):
        fields = line.split("\t")
        if len(fields) != len(Noise._fields) or not (fields[4] + fields[6]).isdecimal():
            msg = f"{path}:{number}: expected {', '.join(Noise._fields)}; {_again(path.parent)}"
            raise DataDirError(msg)
        noise_id, category, split, name, num_samples, digest, num_bytes = fields
        noises.append(
            Noise(noise_id, category, split, name, int(num_samples), digest, int(num_bytes))
        )
    if not noises:
        msg = f"{path}: lists no noise; {_again(path.parent)}"
        raise DataDirError(msg)
    return noises


def _check_file(path: Path, noise: Noise, full: bool) -> None:
    size = path.stat().st_size if path.is_file() else None
    if size != noise.num_bytes or (full and file_fingerprint(path) != noise.sha256):
        state = "missing" if size is None else "not the file that noise.tsv describes"
        msg = f"{path}: {state}; scores would not be comparable: {_again(path.parents[1])}"
        raise DataDirError(msg)
