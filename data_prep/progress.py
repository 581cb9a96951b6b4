"""Counts records for the library's progress bar."""

from s_cnn_rnn.progress import Progress


class Counting:
    """A function to call after each record; it passes the count on as progress.

    Args:
        what: what is being done.
        total: records in all, 0 if unknown.
        progress: shows it, as `s_cnn_rnn.progress.no_progress` describes.
    """

    def __init__(self, what: str, total: int, progress: Progress):
        self.what, self.total, self.progress, self.done = what, total, progress, 0

    def __call__(self) -> None:
        """Counts one record."""
        self.done += 1
        self.progress(self.what, self.done, self.total)
