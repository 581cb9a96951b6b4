"""All stages of a run, one after the other: CNN, decoder, joint.

  python -m experiments.train --config=experiments/configs/flickr8k.py --run=runs/ours

Stop it with Ctrl-C; the same command goes on where it stopped. TensorBoard: --logdir of the run.
"""

from absl import flags

from experiments import stage_program

flags.adopt_module_key_flags(stage_program)


def run():
    """Entry point of the console command."""
    stage_program.run_stages(("train_cnn", "train_rnn", "train_joint"))


if __name__ == "__main__":
    run()
