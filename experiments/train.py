"""All stages of a run, one after the other: CNN, decoder, joint.

  python -m experiments.train --config=experiments/configs/flickr8k.py --run=runs/ours

Stop it with Ctrl-C; the same command goes on where it stopped. TensorBoard: --logdir of the run.
"""

from experiments.stage_program import run_stages


def run():
    """Entry point of the console command."""
    run_stages(("train_cnn", "train_rnn", "train_joint"))


if __name__ == "__main__":
    run()
