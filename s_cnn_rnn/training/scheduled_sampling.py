"""Scheduled sampling: how many of the words that a decoder reads in training are its own.

Bengio, Vinyals, Jaitly and Shazeer: Scheduled Sampling for Sequence Prediction with Recurrent
Neural Networks, NIPS 2015, which `nic-v2` learns by (Vinyals et al. 2016). Each word that is read
is, by a coin of its own, the true one or one that is drawn from what the decoder predicts there; no
gradient goes through the draw. At step i of a training of N the chance of the true one is

    epsilon_i = 1 - p i / (N - 1),

the linear decay of section 2.4 there, which ends at 1 - p. So it is over all of a run's stages that
learn words, one after the other: a decoder that reads its own words after one stage is not told
the true ones again at the beginning of the next.

Departures: one of the three schedules of the original (the others decay exponentially and by an
inverse sigmoid), and p is a setting (``scheduled_sampling``) of each stage. `nic-v2` is NIC beside
that: features are read as if they were the first word, x_{-1} = W F + b (fig. 1(a) of the paper).
As the original says, the CNN learns once the LSTM has settled: in the joint stage, after `rnn` and
`rnn_predicted`.
"""

from s_cnn_rnn.model.stages import Stage
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.run_stages import stages_of_run
from s_cnn_rnn.settings import RunSettings


def own_words(folder: RunFolder, settings: RunSettings, stage: Stage) -> tuple[float, float]:
    """Which part of the words read are the decoder's own, at a stage's first and last step.

    Args:
        folder: of the run.
        settings: of the run.
        stage: one that learns words.

    Returns:
        Two parts, 0 to 1: p i / (N - 1) of the module's docstring, where i counts from the first
        step of the first stage that learns words, those of the run that ``starts_from`` names too.
    """
    steps_of = {}
    for one in stages_of_run(folder, settings):
        if "words" in one.stage.outputs and not one.stage.rewarded:
            own = settings if one.run == folder else one.run.settings()
            steps_of[one.run, one.stage.name] = own.stages[one.stage.name].steps
    here = list(steps_of).index((folder, stage.name))
    before = sum(list(steps_of.values())[:here])
    last = max(1, sum(steps_of.values()) - 1)
    part = settings.stages[stage.name].scheduled_sampling
    until = before + settings.stages[stage.name].steps - 1
    return part * before / last, part * until / last
