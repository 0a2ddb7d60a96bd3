"""What looks at pictures: a fixed random network, and vision models."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from corpora_fixtures.clips import put
from corpora_fixtures.detections import picture

from espnet_av.errors import CheckpointError, ConfigError
from espnet_av.images.config import ImagesConfig
from espnet_av.images.encoder import RandomEncoder, grid_boxes, make_encoder
from espnet_av.images.pictures import PictureSource

RANDOM = ImagesConfig(encoder="random", grid=2, random_width=5, batch_size=2)


def test_patches_and_where_they_are() -> None:
    pixels = np.zeros((1, 16, 16, 3), np.uint8)
    pixels[0, :8, 8:] = 255  # top right: the second patch
    features = RandomEncoder(RANDOM).encode(pixels)[0]
    assert features.shape == (4, 5) and features.dtype == np.float32
    np.testing.assert_array_equal(features[[0, 2, 3]], features[[0, 0, 0]])
    assert np.abs(features[1] - features[0]).max() > 0.1
    assert grid_boxes(4).tolist() == [
        [0, 0, 0.5, 0.5], [0.5, 0, 1, 0.5], [0, 0.5, 0.5, 1], [0.5, 0.5, 1, 1]
    ]  # fmt: skip


def test_the_seed_alone_says_what_the_random_network_is() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3)).astype(np.uint8)
    one, same = RandomEncoder(RANDOM), RandomEncoder(RANDOM)
    other = RandomEncoder(ImagesConfig(encoder="random", grid=2, random_width=5, seed=1))
    np.testing.assert_array_equal(one.encode(pixels), same.encode(pixels))
    assert one.mark() == same.mark() != other.mark()
    assert not np.array_equal(one.encode(pixels), other.encode(pixels))
    np.testing.assert_allclose(one.encode(pixels)[1], one.encode(pixels[1:])[0], rtol=1e-5)


@pytest.fixture(scope="module")
def vit(tmp_path_factory) -> Path:
    """A small ViT as `save_pretrained` writes it."""
    transformers = pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("vit")
    config = transformers.ViTConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
        image_size=32, patch_size=16,
    )  # fmt: skip
    transformers.ViTModel(config).save_pretrained(folder)
    told = {"size": {"height": 32, "width": 32}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    put(folder / "preprocessor_config.json", json.dumps(told))
    return folder


def test_patches_of_a_model_of_hugging_face_without_its_cls(
    vit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from espnet_av.hf import load_model

    config = ImagesConfig(model=str(vit))
    encoder = make_encoder(config)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype(np.uint8)
    found = encoder.encode(pixels)
    assert found.shape == (2, 4, 8) and encoder.side == 32
    batch = torch.tensor(pixels / 127.5 - 1, dtype=torch.float32).permute(0, 3, 1, 2)
    with torch.inference_mode():
        expected = load_model(vit)(pixel_values=batch).last_hidden_state[:, 1:]
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)
    monkeypatch.setattr("espnet_av.images.encoder.file_fingerprint", lambda path: path.name)
    assert encoder.mark() == ["config.json", "preprocessor_config.json", "model.safetensors"]
    monkeypatch.setattr("espnet_av.images.encoder.file_fingerprint", lambda _: pytest.fail("again"))
    assert encoder.mark()
    put(tmp_path / "x.jpg", picture())
    read = PictureSource(tmp_path, config, encoder).read(["x"])
    assert dict(read)["x"].features.shape == (4, 8)


def test_models_that_see_no_pictures_are_refused(vit: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"model: name the folder .*encoder: random"):
        make_encoder(ImagesConfig())
    with pytest.raises(CheckpointError, match=r"no model of Hugging Face"):
        make_encoder(ImagesConfig(model=str(tmp_path)))
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("config.json", "model.safetensors"):
        put(bare / name, (vit / name).read_bytes())
    with pytest.raises(CheckpointError, match=r"preprocessor_config.json: does not tell size"):
        make_encoder(ImagesConfig(model=str(bare)))
    told = {"size": 48, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    put(bare / "preprocessor_config.json", json.dumps(told))
    with pytest.raises(CheckpointError, match="does not take pictures of 48 pixels"):
        make_encoder(ImagesConfig(model=str(bare))).encode(np.zeros((1, 48, 48, 3), np.uint8))
