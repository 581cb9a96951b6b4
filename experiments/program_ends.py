"""How programs end where they cannot go on: one line, what happened and what to do."""

import contextlib
import sys
from collections.abc import Iterator

from s_cnn_rnn.memory import is_out_of_memory

END_OTHERS = "end other programs, or use a machine with more"
STOPPED = 130  # what a shell says of a program that Ctrl-C has ended


@contextlib.contextmanager
def told(
    program: str, *, less_memory: str, also: tuple[type[Exception], ...] = ()
) -> Iterator[None]:
    """Ends the program with one line on standard error where its content cannot go on.

    What nobody expects is a fault of the program: that keeps its traceback.

    Args:
        program: its name, before the message.
        less_memory: what to do where memory runs out.
        also: exceptions that are expected beside a missing package, what the system says of files,
            and values that cannot be used.

    Raises:
        SystemExit: with the message, status 1; stopped by Ctrl-C, status 130.
    """
    try:
        yield
    except KeyboardInterrupt:
        print(f"{program}: stopped", file=sys.stderr)
        sys.exit(STOPPED)
    except Exception as error:
        if is_out_of_memory(error):
            sys.exit(f"{program}: not enough memory; {less_memory}")
        if not isinstance(error, (ImportError, OSError, ValueError, *also)):
            raise
        # A KeyError shows its message as Python would write it, in quotes.
        sys.exit(f"{program}: {error.args[0] if isinstance(error, KeyError) else error}")
