"""The flag that all benchmarks have."""

from absl import flags

_QUICK = flags.DEFINE_bool("quick", False, "Only try whether it works: small sizes, few rounds.")


def is_quick() -> bool:
    """Whether the benchmark is only tried."""
    return _QUICK.value
