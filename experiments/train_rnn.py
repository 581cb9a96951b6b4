"""Stage 2: the decoder learns to write from the true concepts; it needs nothing of stage 1.

Systems whose interface is features have no true concepts to start from: their decoder learns from
the frozen features of the CNN, as stage 1 left it (section 3.3).

  python -m experiments.train_rnn --config=experiments/configs/flickr8k.py --run=runs/ours

Stop it with Ctrl-C; the same command goes on where it stopped. TensorBoard: --logdir of the run.
"""

from absl import flags

from experiments import stage_program

flags.adopt_module_key_flags(stage_program)


def run():
    """Entry point of the console command."""
    stage_program.run_stages(("train_rnn",))


if __name__ == "__main__":
    run()
