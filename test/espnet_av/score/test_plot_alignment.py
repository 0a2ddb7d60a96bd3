"""The picture of one utterance: which panels it has, and what they show."""

import numpy as np
from oracles.decoded import write_condition

from espnet_av.score.plot_alignment import plot_alignment, spectrogram_db


def size_of(path):
    header = path.read_bytes()[16:24]
    return int.from_bytes(header[:4], "big"), int.from_bytes(header[4:], "big")


def test_alignment_leaves_out_what_a_mode_lacks(tmp_path):
    heights = {}
    for mode in ("A", "V", "AV"):
        folder = write_condition(tmp_path / mode, mode, "clean", 0.0, num_utts=1)
        path = tmp_path / f"{mode}.png"
        plot_alignment(folder / "example.npz", path, title=mode, reference="bin blue")
        heights[mode] = size_of(path)[1]
    assert heights["V"] < heights["A"] < heights["AV"]


def test_alignment_of_an_empty_result(tmp_path):
    path = tmp_path / "example.npz"
    probabilities = np.ones((5, 1))
    np.savez(path, utt_id="u", text="", tokens=np.array([], str), probabilities=probabilities)
    plot_alignment(path, tmp_path / "out.png", title="test", reference="a")
    assert size_of(tmp_path / "out.png")[0] > 500


def test_spectrogram_peaks_at_the_tone():
    tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    power = spectrogram_db(tone)
    assert power.shape == (98, 201)
    assert set(power.argmax(axis=1)) == {25}  # 1000 Hz in steps of 40 Hz
    assert spectrogram_db(np.zeros(10)).shape == (1, 201)


def test_panels_show_text_tokens_and_time(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "espnet_av.score.plot_alignment.save", lambda figure, path: drawn.append(figure)
    )
    folder = write_condition(tmp_path, "AV", "clean", 0.0, texts={"u1": ("bin it", "bin it")})
    plot_alignment(folder / "example.npz", tmp_path / "x", title="test, AV", reference="bin it")
    (figure,) = drawn
    assert figure.get_suptitle() == "test, AV   u1\nsaid: bin it\nread: bin it"
    named = {axes.get_ylabel(): axes for axes in figure.axes}
    assert {"mouth", "kHz", "CTC", "attention"} <= set(named)
    letters = ["_", "b", "i", "n", "_", "i", "t"]
    assert [t.get_text() for t in named["CTC"].get_yticklabels()] == ["(blank)", *letters]
    assert [t.get_text() for t in named["attention"].get_yticklabels()] == [*letters, "(end)"]
    for label in ("mouth", "kHz", "CTC", "attention"):
        assert named[label].get_xlim() == (0, 3.0)  # 75 frames
