"""The photographs that the page is about: the latest few, in memory alone."""

import collections
import dataclasses
import secrets
import threading

from s_cnn_rnn.explaining.kept_photograph import KeptPhotograph


@dataclasses.dataclass(frozen=True, eq=False)
class ShownPhotograph:
    """A photograph that somebody uploaded.

    Args:
        picture: what the page shows of it, a JPEG.
        kept: what each run saw of it.
    """

    picture: bytes
    kept: tuple[KeptPhotograph, ...]


class RecentPhotographs:
    """Photographs by a name that cannot be guessed; those not asked for longest are forgotten.

    Args:
        capacity: how many are kept.
    """

    def __init__(self, capacity: int):
        if capacity < 1:
            raise ValueError(f"expected a capacity of 1 or more, got {capacity}")
        self.capacity = capacity
        self._photographs: collections.OrderedDict[str, ShownPhotograph] = collections.OrderedDict()
        self._lock = threading.Lock()

    def add(self, photograph: ShownPhotograph) -> str:
        """Keeps a photograph; gives its name, 128 random bits."""
        name = secrets.token_urlsafe(16)
        with self._lock:
            self._photographs[name] = photograph
            while len(self._photographs) > self.capacity:
                self._photographs.popitem(last=False)
        return name

    def find(self, name: str) -> ShownPhotograph | None:
        """The photograph of that name; None where there is none, or no longer."""
        with self._lock:
            if name in self._photographs:
                self._photographs.move_to_end(name)
            return self._photographs.get(name)

    def __len__(self) -> int:
        return len(self._photographs)
