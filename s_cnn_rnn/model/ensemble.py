"""Several models that write as one: their word probabilities are averaged at every step.

Ensembles of NIC (Vinyals et al.: Show and Tell: Lessons learned from the 2015 MSCOCO Image
Captioning Challenge, 2016, section 5.2: 15 models) and of `att` (You et al. 2016: 5).

Departure: the original's 15 were trained in more than one way, some of them with scheduled
sampling; here any runs can be members, and `nic-v2` is one way, with scheduled sampling
(`training.scheduled_sampling`).
"""

import dataclasses
import math
from collections.abc import Sequence

from keras import ops

from s_cnn_rnn.model.annotation_model import AnnotationModel
from s_cnn_rnn.vocabulary import Vocabulary


@dataclasses.dataclass(frozen=True)
class Ensemble:
    """Models that decode in one batch, each with its own state.

        p(w_t | w_1 ... w_{t-1}, I) = 1/M sum_m p_m(w_t | w_1 ... w_{t-1}, I)

    The members may be of different systems and CNNs. The ensemble stands in for a model wherever
    annotations are written.

    Args:
        members: M models with the same words, all with a decoder.

    Raises:
        ValueError: there is no member, one has no decoder, or the words differ.
    """

    members: tuple[AnnotationModel, ...]

    def __post_init__(self):
        if not self.members:
            raise ValueError("an ensemble needs at least one model")
        without = [m.system.name for m in self.members if m.decoder is None]
        if without:
            raise ValueError(f"{without[0]} writes nothing; word probabilities are averaged here")
        for number, member in enumerate(self.members[1:], start=2):
            difference = difference_of_words(self.vocabulary, member.vocabulary)
            if difference:
                raise ValueError(f"members 1 and {number} of the ensemble: {difference}")

    @property
    def vocabulary(self) -> Vocabulary:
        """The first member's; the others have the same words."""
        return self.members[0].vocabulary

    @property
    def decoder(self):
        """The first member's: there is one."""
        return self.members[0].decoder

    @property
    def candidates(self) -> int:
        """None is re-ranked, whatever the members do alone: weights are chosen for one run."""
        return 0

    @property
    def learnt_concepts(self) -> tuple[str, ...]:
        """The concepts that every member learns; none where they are not the same."""
        learnt = {member.learnt_concepts for member in self.members}
        return learnt.pop() if len(learnt) == 1 else ()

    def join(self, seen: Sequence[dict]) -> dict:
        """What the members' decoders write from (`AnnotationModel.seen`), as one dictionary."""
        return {
            f"{number}.{name}": value
            for number, each in enumerate(seen)
            for name, value in each.items()
        }

    def start(self, seen: dict) -> dict:
        """All members' states before START, from what `join` made."""
        apart = self._apart(seen)
        return self.join([m.start(own) for m, own in zip(self.members, apart, strict=True)])

    def projected_words(self) -> list | None:
        """The members'; None where one has none. See `Decoder.projected_words`."""
        each = [member.projected_words() for member in self.members]
        return None if any(one is None for one in each) else each

    def step(self, word_ids, state: dict, projected_words=None):
        """One word in, log of the averaged probabilities out; see `Decoder.step`.

        Args:
            word_ids: int32 [N].
            state: from `start` or an earlier step, tensors [N, ...].
            projected_words: from `projected_words`, or None.

        Returns:
            log p [N, outputs] and the new state.
        """
        total, states = None, []
        projected = projected_words or [None] * len(self.members)
        apart = self._apart(state)
        for member, own, known in zip(self.members, apart, projected, strict=True):
            log_p, after = member.step(word_ids, own, known)
            total = log_p if total is None else ops.logaddexp(total, log_p)
            states.append(after)
        return total - math.log(len(self.members)), self.join(states)

    def _apart(self, joined: dict) -> list[dict]:
        apart = [{} for _ in self.members]
        for key, value in joined.items():
            number, _, name = key.partition(".")
            apart[int(number)][name] = value
        return apart


def difference_of_words(first: Vocabulary, second: Vocabulary) -> str:
    """How the words that two vocabularies write differ; "" where their ids mean the same."""
    if first.kind != second.kind:
        return f"one writes {first.kind}, the other {second.kind}"
    if first.words == second.words:
        return ""
    pairs = zip(first.words, second.words, strict=False)
    where = next((n for n, (a, b) in enumerate(pairs) if a != b), None)
    if where is None:
        return f"one has {len(first.words)} words, the other {len(second.words)}"
    place = where + first.first_word
    return f"id {place} is {first.words[where]!r} in one, {second.words[where]!r} in the other"
