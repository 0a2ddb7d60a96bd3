"""Places among candidates, by hand."""

import numpy as np

from espnet_av.score.reranking import order_file, ranks_in_order, read_orders


def test_places_count_what_is_there():
    orders = {"a": ["x", "y", "z"], "b": ["y", "x"]}
    found = ranks_in_order(
        np.array([9, 8, 7, 6]),
        orders,
        ["a", "a", "b", "c"],
        [{"z"}, {"w"}, {"x", "y"}, {"x"}],
        {"y", "z", "w"},
    )
    # x is not there, so z is second; w is no candidate; c has none.
    assert found.tolist() == [2, 8, 1, 6]


def test_without_a_file_nothing_is_reordered(tmp_path):
    assert read_orders(tmp_path, "speech", "image") == {}
    (tmp_path / order_file("speech", "image")).write_text("u0 x y\n", encoding="utf-8")
    assert read_orders(tmp_path, "speech", "image") == {"u0": ["x", "y"]}
