"""From nothing to the first caption of a run folder, once; says when it was where.

python -m benchmarks.sides.first_caption SECONDS_SINCE_EPOCH RUN PHOTOGRAPH
"""

import sys
import time

BEGUN = time.time()


def main(started: float, run: str, photograph: str) -> dict[str, float]:
    """Seconds of each part, in order; they add up to the whole."""
    parts = {"interpreter": BEGUN - started}
    last = BEGUN

    def done(name: str) -> None:
        nonlocal last
        now = time.time()
        parts[name] = now - last
        last = now

    from experiments import tensorflow_start  # noqa: F401 (as experiments.annotate starts)

    import tensorflow  # noqa: F401  # isort: skip

    done("import tensorflow")
    import keras  # noqa: F401

    done("import keras")
    from s_cnn_rnn import annotator
    from s_cnn_rnn.runs import handover

    done("import the rest")
    built = _timed(handover, "build_model")
    captioner = annotator.Annotator.from_run(run)
    done("load weights")
    parts["load weights"] -= built[0]
    parts["build the model"] = built[0]
    list(captioner.annotate([photograph], batch=1))
    done("first caption")
    list(captioner.annotate([photograph], batch=1))
    again = time.time() - last
    return {**parts, "again": again}


def _timed(module, name: str) -> list[float]:
    """Lets a function of a module add up its seconds."""
    seconds, function = [0.0], getattr(module, name)

    def timed(*arguments, **options):
        started = time.time()
        try:
            return function(*arguments, **options)
        finally:
            seconds[0] += time.time() - started

    setattr(module, name, timed)
    return seconds


if __name__ == "__main__":
    import json

    print(json.dumps(main(float(sys.argv[1]), *sys.argv[2:])))
