"""Transformers over boxes of films: sizes of ViT-B and the decoder, positions, what is left."""

import pytest
import torch

from espnet_av.errors import ConfigError
from espnet_av.models.av_mae import AVMaeConfig
from espnet_av.modules.film_grid import FilmConfig
from espnet_av.modules.shared_decoder import SharedDecoder
from espnet_av.modules.vit import FilmEncoder, VitConfig
from espnet_av.ops.sincos_positions import sincos_grid

FILM = FilmConfig(num_frames=4, size=8, patch_frames=2, patch_size=4)
SMALL = VitConfig(size=12, num_layers=2, attention_heads=2, linear_units=24)


def count(module):
    return sum(p.numel() for p in module.parameters())


def test_parameters_of_the_paper():
    """12 layers of 768, 4 of 512: 4 D^2 + 4 D of attention, 2 D F + D + F, 4 D of norms each."""
    config = AVMaeConfig()
    assert config.film.num_patches == 8 * 14 * 14 == 1568 and config.film.num_values == 1536
    layer = {size: 12 * size**2 + 13 * size for size in (768, 512)}
    assert layer == {768: 7_087_872, 512: 3_152_384}
    with torch.device("meta"):
        encoder = FilmEncoder(config.film, config.film_encoder)
        learned = FilmEncoder(config.film, VitConfig(positions="learned"))
        decoder = SharedDecoder(config.decoder, 768, {"speech": 320, "film": 1536})
    assert count(encoder.transformer) == 12 * layer[768] + 2 * 768 == 85_056_000
    assert count(encoder) == 85_056_000 + 1537 * 768
    assert count(learned) - count(encoder) == (8 + 14 * 14) * 768
    assert count(decoder.transformer) == 4 * layer[512] + 2 * 512 == 12_610_560
    # Embedding; mask and two kinds; a last layer for each.
    assert count(decoder) == 12_610_560 + 769 * 512 + 3 * 512 + 513 * (320 + 1536)


def test_boxes_are_encoded_by_where_they_lie():
    torch.manual_seed(0)
    encoder, patches = FilmEncoder(FILM, SMALL), torch.randn(2, 8, FILM.num_values)
    everything = torch.arange(8).expand(2, 8)
    whole = encoder(patches, everything)
    shuffled = encoder(patches, everything.flip(1))
    assert torch.allclose(whole.flip(1), shuffled, atol=1e-5)
    some = encoder(patches, torch.tensor([[1, 6], [0, 3]]))
    embedded = encoder.embed(patches) + sincos_grid(FILM.grid, 12)
    rows = torch.stack([embedded[0, [1, 6]], embedded[1, [0, 3]]])
    assert torch.allclose(some, encoder.transformer(rows), atol=1e-6)
    moved = encoder(patches[:, [0] * 8], everything)
    assert not torch.allclose(moved[:, 0], moved[:, 1]), "alike, but elsewhere"


def test_one_embedding_a_time_is_the_mean_over_space_before_the_layers():
    encoder, patches = FilmEncoder(FILM, SMALL), torch.randn(2, 8, FILM.num_values)
    embedded = encoder.embed(patches) + encoder.positions()
    means = torch.stack([embedded[:, :4].mean(1), embedded[:, 4:].mean(1)], dim=1)
    assert torch.allclose(encoder.frames(patches), encoder.transformer(means), atol=1e-6)


def test_pixels_are_normalised_and_put_in_boxes():
    film = torch.randint(0, 256, (1, 4, 8, 8, 3), dtype=torch.uint8)
    patches = FILM.patches(film)
    assert patches.shape == (1, 8, 2 * 4 * 4 * 3)
    expected = (film[0, 2, 4, 0].float() / 255 - 0.45) / 0.225
    assert torch.allclose(patches[0, 6, :3], expected)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: FilmConfig(num_frames=15), "do not fill 15 frames of 224"),
        (lambda: FilmConfig(size=100), "do not fill 16 frames of 100"),
        (lambda: FilmConfig(patch_size=0), "all are at least 1"),
        (lambda: VitConfig(size=100), "a multiple of the heads"),
        (lambda: VitConfig(size=9, attention_heads=3), "it is even"),
        (lambda: VitConfig(num_layers=0), "num_layers 0"),
        (lambda: VitConfig(dropout_rate=1.5), "must be in 0..1"),
    ],
)
def test_sizes_that_make_no_sense(make, reason):
    with pytest.raises(ConfigError, match=reason):
        make()
