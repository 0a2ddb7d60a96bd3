"""SAMU from a converted XLS-R of Hugging Face: every frame and vector is that of theirs."""

import torch
import torch.nn.functional as F
from oracles.hf_audio import as_checkpoint, noise, randomise, their_config
from transformers import Wav2Vec2Model

from espnet_av.models.abs_model import NO_SIZES
from espnet_av.models.samu import SamuConfig, SamuModel
from espnet_av.models.wav2vec2.convert import convert
from espnet_av.train.initialisation import initialise

OWN = ("audio_frontend_conf", "frame_rate", "feature_size", "encoder_conf")


def test_a_published_encoder_goes_in_and_gives_theirs(tmp_path):
    torch.manual_seed(0)
    theirs = randomise(Wav2Vec2Model(their_config("wav2vec2", "layer", True))).eval()
    converted = convert(as_checkpoint(theirs), is_xlsr=True)
    torch.save(converted.weights, tmp_path / "xlsr.pth")
    config = SamuConfig(**{key: converted.model_conf[key] for key in OWN}, vector_size=5)
    ours = SamuModel.from_config(config, NO_SIZES)
    initialise(ours, [str(tmp_path / "xlsr.pth")], ignore_mismatch=False)
    torch.nn.init.normal_(ours.head.pooling.score.weight)
    speech, lengths = noise()
    with torch.no_grad():
        found = ours.eval().vectors({"speech": speech, "speech_lengths": lengths})
        mask = (torch.arange(speech.size(1) + 80) < (lengths + 80).unsqueeze(1)).long()
        hidden = theirs(F.pad(speech, (0, 80)), attention_mask=mask).last_hidden_state
        for row, num_frames in enumerate((lengths // 320).tolist()):
            frames = hidden[row, :num_frames]
            weights = ours.head.pooling.score(frames).squeeze(1).softmax(0)
            expected = ours.head.project(weights @ frames).tanh()
            assert torch.allclose(found[row], expected, atol=1e-5)
    assert torch.equal(ours.mask_emb, converted.weights["mask_emb"])
