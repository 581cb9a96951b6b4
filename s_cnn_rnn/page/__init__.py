"""The page that `experiments.serve` shows: a photograph, what is written of it, and why.

`application.build_application` makes a Starlette application; Starlette comes with the extra
``serve``.
"""
