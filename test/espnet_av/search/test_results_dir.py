"""Results are known by what they were made from."""

import pytest

from espnet_av.errors import ConfigError
from espnet_av.search.condition import Condition
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.search.results_dir import fingerprint


def test_a_language_model_counts_by_its_content(tmp_path):
    (tmp_path / "model.pth").write_bytes(b"weights")
    (tmp_path / "dump").mkdir()

    def key(lm_file):
        return fingerprint(
            Condition(set_name="test", mode="A"),
            DecodeConfig(method="transducer_beam", lm_file=lm_file),
            checkpoint=tmp_path / "model.pth",
            dump_dir=tmp_path / "dump",
            noise_manifest=None,
            seed=0,
        )

    for name, content in (("a", "one"), ("b", "one"), ("c", "two")):
        (tmp_path / name).write_text(content)
    assert key(tmp_path / "a") == key(tmp_path / "b")
    assert len({key(None), key(tmp_path / "a"), key(tmp_path / "c")}) == 3
    with pytest.raises(ConfigError, match="none: no such file, but the results"):
        key(tmp_path / "none")
