"""Stage 3: CNN and decoder are trained together with L = Lu + Lr (eq. 4).

  python -m experiments.train_joint --config=experiments/configs/flickr8k.py --run=runs/ours

Stop it with Ctrl-C; the same command goes on where it stopped. TensorBoard: --logdir of the run.
"""

from experiments.stage_program import run_stages


def run():
    """Entry point of the console command."""
    run_stages(("train_joint",))


if __name__ == "__main__":
    run()
