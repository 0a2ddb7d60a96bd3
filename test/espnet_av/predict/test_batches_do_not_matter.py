"""Frames and vectors of an utterance are the same in any batch, by any number of workers."""

import numpy as np
import pytest
from oracles import vgs
from oracles.toy_predictions import ToySet

from espnet_av.data.ark import read_array
from espnet_av.data.batch import Sample
from espnet_av.data.data_dir import DataDir
from espnet_av.data.table import read_table
from espnet_av.modules.cross_encoder import CrossEncoderConfig
from espnet_av.predict.kinds import KINDS
from espnet_av.predict.prediction import Work
from espnet_av.search.decode_config import DecodeConfig

MODELS = {
    "usual": {},
    "without class": {"audio_class": "none", "grounding_layer": 1},
    "class head": {"speech_head": "class", "grounding_layer": 3, "eval_crop_sec": 0.0},
    "finer": {"cross_encoder": CrossEncoderConfig(num_layers=1, num_candidates=2)},
}
WAYS = {"alone": (1, 0), "together": (1000, 0), "by workers": (60, 2)}


class NoisySet(ToySet):
    """Utterances of several lengths, each of its own noise, two of them of one picture."""

    def __getitem__(self, index: int) -> Sample:
        draw = np.random.default_rng(index)
        picture = vgs.picture(min(index, 2))
        return Sample(
            utt_id=self.utt_ids[index],
            speech=draw.normal(size=640 * self.num_frames[index] + 77 * index).astype(np.float32),
            image=picture[0].numpy(),
            boxes=picture[1].numpy(),
            image_id=np.asarray(min(index, 2)),
        )


def arrays(folder, num_axes):
    found = {}
    for path in folder.glob("*.scp"):
        for utt_id, pointer in read_table(path).items():
            found[path.stem, utt_id] = read_array(f"{folder}/{pointer}", utt_id, num_axes=num_axes)
    return found


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("kind", ["frames", "vector"])
def test_batches_and_workers(kind, name, tmp_path):
    model, dataset = vgs.model(**MODELS[name]).eval(), NoisySet(4)
    layers = (0, 1, 2, 3) if kind == "frames" else ()
    found, orders = {}, {}
    for way, (batch_frames, num_workers) in WAYS.items():
        work = Work(
            model=model,
            config=DecodeConfig(batch_frames=batch_frames),
            num_workers=num_workers,
            layers=layers,
        )
        made = KINDS[kind].predict(work, dataset, lambda count: None)
        folder = tmp_path / way
        folder.mkdir()
        made.write(folder, DataDir(tmp_path, {"utt2spk": dict.fromkeys(dataset.utt_ids, "s")}))
        found[way] = arrays(folder, 2 if kind == "frames" else 1)
        orders[way] = {path.name: path.read_text() for path in folder.glob("*.order")}
    views = {"layer0", "layer1", "layer2", "layer3", "mfcc"}
    assert {view for view, _ in found["alone"]} == (views if layers else {"speech", "image"})
    assert len(orders["alone"]) == (2 if kind == "vector" and name == "finer" else 0)
    for way in WAYS:
        assert orders[way] == orders["alone"]
        assert found[way].keys() == found["alone"].keys()
        for key, values in found["alone"].items():
            size = float(np.abs(values.astype(float)).max())
            # Archives hold float16.
            np.testing.assert_allclose(found[way][key], values, atol=2e-3 * size, err_msg=str(key))
