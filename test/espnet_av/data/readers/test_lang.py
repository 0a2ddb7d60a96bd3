"""The language spoken."""

from typing import Any

from espnet_av.data.readers.lang import LangReader


def test_value_of_the_table_or_nothing(make_request: Any, make_draw: Any) -> None:
    reader = LangReader(make_request({"utt2spk": {"u": "s", "v": "s"}, "utt2lang": {"u": "en"}}))
    assert (reader.read("u", make_draw()), reader.read("v", make_draw())) == ("en", None)
