"""A packed model, and a few short films for it to recognise."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import yaml
from oracles.films import write_film

from espnet_av.bin import decode as decode_bin
from espnet_av.bin import dump as dump_bin
from espnet_av.bin import pack as pack_bin
from espnet_av.bin import roi as roi_bin
from espnet_av.bin import train as train_bin
from espnet_av.data.data_dir import write_data_dir

MODES = ("AV", "A", "V")


@dataclasses.dataclass(frozen=True)
class PackedRun:
    root: Path
    exp: Path
    zip: Path
    dump: Path
    """Of the training set."""

    def film(self, name: str) -> Path:
        return self.root / f"{name}.mp4"

    def decoded(self, mode: str) -> dict[str, dict]:
        """Utterance -> line of nbest.jsonl that bin.decode wrote."""
        path = self.root / "decode" / "test" / f"{mode}_clean" / "nbest.jsonl"
        records = [json.loads(line) for line in path.read_text().splitlines()]
        return {record["utt"]: record for record in records}


@pytest.fixture(scope="session")
def packed_run(tiny_run, tmp_path_factory) -> PackedRun:
    """Two films through roi, dump and decode as the recipe does it, and the packed model."""
    root = tmp_path_factory.mktemp("packed")
    exp = root / "exp"
    options = ["--override", "max_steps=2", "--override", "average=1"]
    config = ["--config", str(tiny_run.root / "train.yaml")]
    assert train_bin.main([*config, *tiny_run.arguments, *options, str(exp)]) == 0
    films = {"s1-one": 23, "s1-two": 31}
    for seed, (name, num_frames) in enumerate(films.items()):
        write_film(root / f"{name}.mp4", seed, num_frames)
    paths = {name: str(root / f"{name}.mp4") for name in films}
    tables = {"wav.scp": paths, "video.scp": paths, "utt2spk": dict.fromkeys(films, "s1")}
    write_data_dir(root / "data", {**tables, "text": dict.fromkeys(films, "abc")})
    configs = {
        "roi": {"tracker": "fixed", "size": 20, "encoding": "jpeg"},
        "dump": {},
        "decode": {"method": "ctc_prefix", "beam_size": 4, "nbest": 3},
    }
    for name, content in configs.items():
        (root / f"{name}.yaml").write_text(yaml.safe_dump(content))
    roi = ["--config", str(root / "roi.yaml"), str(root / "data"), str(root / "roi")]
    dump = ["--config", str(root / "dump.yaml"), str(root / "data"), str(root / "roi")]
    for main, arguments in ((roi_bin.main, roi), (dump_bin.main, [*dump, str(root / "test")])):
        main(arguments)
        main(["--finish", *arguments])
    search = ["--config", str(root / "decode.yaml"), "--sets", str(root / "test")]
    search += ["--modes", *MODES, "--exp_dir", str(exp), str(root / "decode")]
    decode_bin.main(search)
    pack = [f"--{name}_config={root / name}.yaml" for name in ("roi", "decode")]
    pack_bin.main(["--exp_dir", str(exp), *pack, str(root / "model.zip")])
    return PackedRun(root, exp, root / "model.zip", tiny_run.root / "dump" / "train")
