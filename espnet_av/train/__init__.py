"""Training: Lightning module and data module, optimisers, schedules, checkpoints, curves."""
