"""The picture of confusions: which words it shows, and how often each was taken for which."""

from espnet_av.score.edits import UtteranceAlignment
from espnet_av.score.plot_confusion import plot_confusion


def test_confusion_says_when_there_is_nothing_to_show(tmp_path):
    right = UtteranceAlignment("u", [("a", "a"), (None, "b")])
    assert not plot_confusion([right], "title", tmp_path / "no.png")
    assert not (tmp_path / "no.png").exists()
    wrong = UtteranceAlignment("u", [("a", "b"), ("c", None)])
    assert plot_confusion([wrong], "title", tmp_path / "yes.png")


def test_counts_and_shares_of_the_words_that_are_wrong_most_often(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "espnet_av.score.plot_confusion.save", lambda figure, path: drawn.append(figure)
    )
    pairs = [("a", "b"), ("a", "b"), ("a", "c"), ("a", "a"), ("d", None), ("e", "e"), (None, "f")]
    assert plot_confusion([UtteranceAlignment("u", pairs)], "here", tmp_path / "x.png")
    axes = drawn[0].axes[0]
    assert axes.get_title(loc="left") == "here"
    assert [t.get_text() for t in axes.get_yticklabels()] == ["a  (3 of 4)", "d  (1 of 1)"]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["b", "c", "(nothing)"]
    found = {(int(t.get_position()[1]), int(t.get_position()[0])): t.get_text() for t in axes.texts}
    assert found == {(0, 0): "2", (0, 1): "1", (1, 2): "1"}
    (image,) = axes.images
    assert image.get_array().filled(0).tolist() == [[50, 25, 0], [0, 0, 100]]
    assert plot_confusion([UtteranceAlignment("u", pairs)], "", tmp_path / "x.png", num_words=1)
    assert [t.get_text() for t in drawn[1].axes[0].get_yticklabels()] == ["a  (3 of 4)"]
