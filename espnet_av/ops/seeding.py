"""One well-mixed seed from several small integers."""

import hashlib


def mix_seed(*parts: int) -> int:
    """Hashes integers into a seed in [0, 2**63); neighbouring steps get unrelated seeds.

    Args:
        parts: e.g. run seed, step, rank; their order matters.
    """
    text = ",".join(str(int(part)) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
