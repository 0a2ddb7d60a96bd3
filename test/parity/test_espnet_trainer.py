"""ESPnet's own Trainer trains our models and gets the losses that a plain loop and ours get."""

import lightning
import numpy as np
import pytest
import torch
from oracles import av_batch, transducer

from espnet_av.compat import AbsIterFactory, DistributedOption, Trainer, TrainerOptions
from espnet_av.data.batch import Batch
from espnet_av.models.avsr import ModalityDropoutConfig
from espnet_av.train.config import OptimConfig, TrainConfig
from espnet_av.train.lightning_module import AVLightningModule
from espnet_av.train.step_batch import StepBatch
from espnet_av.train.step_sampler import ItemKey, Progress

EPOCHS, SEED, GRAD_CLIP = 2, 7, 5.0
# Large, so that Adam makes no steps out of rounding errors where a gradient is zero in theory.
ADAM_EPS = 1e-2
BATCHES = [av_batch.batch((9, 6, 4), seed=1), av_batch.batch((5, 8), seed=2)]
REAL = {"dropout_rate": 0.1, "encoder_conf": av_batch.CONFORMER}
DROPOUT = ModalityDropoutConfig(drop_prob=0.7, per="utterance")
VARIANTS = {
    "av": REAL,
    "dropout": {**REAL, "modality_dropout": DROPOUT},
    "transducer": {**REAL, "modality_dropout": DROPOUT, "transducer_loss": "pruned"},
    "ctc_rnn": {
        "encoder": "rnn",
        "encoder_conf": {"rnn_type": "gru", "hidden_size": 8, "output_size": 8, "num_layers": 2},
        "interctc_layers": [],
        "decoder": "none",
        "decoder_conf": {},
        "ctc_weight": 1.0,
    },
}


class Batches(AbsIterFactory):
    """The same few batches in every epoch, in the form in which ESPnet passes them."""

    def build_iter(self, epoch, shuffle=None):
        for batch in BATCHES:
            tensors = {key: value for key, value in batch.items() if key != "utt_id"}
            yield batch["utt_id"], tensors


def options(output_dir, accum_grad):
    return TrainerOptions(
        ngpu=0,
        resume=False,
        use_amp=False,
        train_dtype="float32",
        grad_noise=False,
        accum_grad=accum_grad,
        grad_clip=GRAD_CLIP,
        grad_clip_type=2.0,
        log_interval=None,
        no_forward_run=False,
        use_matplotlib=False,
        use_tensorboard=False,
        use_wandb=False,
        adapter="",
        use_adapter=False,
        save_strategy="all",
        output_dir=output_dir,
        max_epoch=EPOCHS,
        seed=SEED,
        sharded_ddp=False,
        patience=None,
        keep_nbest_models=1,
        nbest_averaging_interval=0,
        early_stopping_criterion=("valid", "loss", "min"),
        best_model_criterion=[("valid", "loss", "min")],
        val_scheduler_criterion=("valid", "loss"),
        unused_parameters=False,
        wandb_model_log_interval=-1,
        create_graph_in_tensorboard=False,
        gradient_as_bucket_view=True,
        ddp_comm_hook=None,
    )


def plain_losses(model, accum_grad):
    """Training losses of a loop with nothing in it but the optimiser."""
    optimizer, losses = torch.optim.AdamW(model.parameters(), lr=1e-2), []
    for epoch in range(1, EPOCHS + 1):
        torch.manual_seed(SEED + epoch)
        model.train()
        for i, batch in enumerate(BATCHES, start=1):
            loss, _, _ = model(**batch)
            losses.append(loss.item())
            (loss / accum_grad).backward()
            if i % accum_grad == 0:
                torch.nn.utils.clip_grad_norm_(model.parameters(), GRAD_CLIP)
                optimizer.step()
                optimizer.zero_grad()
        with torch.no_grad():
            model.eval()
            for batch in BATCHES:
                model(**batch)
    return losses


def note_losses(model):
    """List that the loss of each training step will be appended to."""
    losses = []

    def note(module, _, output):
        if module.training:
            losses.append(output[0].item())

    model.register_forward_hook(note)
    return losses


def trainer_losses(model, accum_grad, output_dir, optimizer=None):
    """Training losses of ESPnet's Trainer."""
    losses = note_losses(model)
    Trainer.run(
        model=model,
        optimizers=[optimizer or torch.optim.AdamW(model.parameters(), lr=1e-2)],
        schedulers=[None],
        train_iter_factory=Batches(),
        valid_iter_factory=Batches(),
        plot_attention_iter_factory=None,
        trainer_options=options(output_dir, accum_grad),
        distributed_option=DistributedOption(),
    )
    return losses


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("accum_grad", [1, 2])
def test_losses_and_weights_are_equal(name, accum_grad, tmp_path):
    family = transducer if name == "transducer" else av_batch
    theirs, ours = (family.model(**VARIANTS[name]) for _ in range(2))
    expected = plain_losses(ours, accum_grad)
    got = trainer_losses(theirs, accum_grad, tmp_path)
    assert len(got) == EPOCHS * len(BATCHES)
    np.testing.assert_allclose(got, expected, rtol=1e-6)
    saved = torch.load(tmp_path / f"{EPOCHS}epoch.pth", weights_only=True)
    assert saved.keys() == ours.state_dict().keys()
    for key, value in ours.state_dict().items():
        assert torch.allclose(saved[key], value, atol=1e-6), key


def engine_losses(model):
    """Training losses of our engine on the same batches."""
    config = TrainConfig(
        max_steps=EPOCHS * len(BATCHES),
        batch_frames=100,
        optim="adam",
        optim_conf=OptimConfig(lr=1e-2, betas=(0.9, 0.999), eps=ADAM_EPS),
        scheduler="constant",
        grad_clip=GRAD_CLIP,
    )
    batches = []
    for step in range(config.max_steps):
        batch = Batch(**BATCHES[step % len(BATCHES)])
        key = ItemKey(index=0, epoch=0, batch=step, micro_step=step, step=step)
        frames = int(batch.video_lengths.sum())
        batches.append(StepBatch(batch=batch, key=key, num_frames=frames, num_padded_frames=frames))
    losses = note_losses(model)
    trainer = lightning.Trainer(
        max_steps=config.max_steps,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )
    loader = torch.utils.data.DataLoader(batches, batch_size=None)
    trainer.fit(AVLightningModule(model, config, Progress()), train_dataloaders=loader)
    return losses


def test_our_engine_gets_the_same_losses(tmp_path):
    # Nothing random in the model: the two seed their steps differently.
    theirs, ours = av_batch.model(), av_batch.model()
    optimizer = torch.optim.Adam(theirs.parameters(), lr=1e-2, eps=ADAM_EPS)
    expected = trainer_losses(theirs, 1, tmp_path, optimizer)
    got = engine_losses(ours)
    assert len(got) == EPOCHS * len(BATCHES)
    np.testing.assert_allclose(got, expected, rtol=1e-5)
    for (name, value), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(value, other, atol=1e-5), name
