"""Imported before `tensorflow_start` by programs that look at photographs one by one."""

from experiments import tensorflow_environment

tensorflow_environment.choose(tensorflow_environment.ONE_BY_ONE)
