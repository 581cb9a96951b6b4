"""Stage 1: the CNN learns the concepts, first the semantic layer alone, then every parameter.

  python -m experiments.train_cnn --config=experiments/configs/flickr8k.py --run=runs/ours

Stop it with Ctrl-C; the same command goes on where it stopped. TensorBoard: --logdir of the run.
"""

from absl import flags

from experiments import stage_program

flags.adopt_module_key_flags(stage_program)


def run():
    """Entry point of the console command."""
    stage_program.run_stages(("train_cnn",))


if __name__ == "__main__":
    run()
