"""One well-mixed seed from several small integers."""

from espnet_av.fingerprint import number_of


def mix_seed(*parts: int) -> int:
    """Hashes integers into a seed in [0, 2**63); neighbouring steps get unrelated seeds.

    Args:
        parts: e.g. run seed, step, rank; their order matters.
    """
    return number_of(",".join(str(int(part)) for part in parts)) >> 1
