"""Data directories, archives, dump, dataset, sampler, augmentation, batch and tokenizer."""
