"""Signals that a scheduler sends before it takes a machine away."""

import signal
import threading
from enum import IntEnum
from functools import partial


class Request(IntEnum):
    """What was asked for; the larger one wins."""

    NOTHING = 0
    SAVE = 1
    STOP = 2


class StopRequests:
    """While in use, SIGUSR1 asks for a resume point and SIGTERM for a resume point and the end of the run.

    A signal is only noted; the loop looks after each step, when there is something whole to save.
    """

    def __enter__(self) -> "StopRequests":
        self._noted = Request.NOTHING
        self._before = {}
        # Python delivers signals to the main thread alone; elsewhere a run goes without.
        if threading.current_thread() is threading.main_thread():
            for name, request in (("SIGUSR1", Request.SAVE), ("SIGTERM", Request.STOP)):
                number = getattr(signal, name, None)
                if number is not None:
                    self._before[number] = signal.signal(number, partial(self._note, request))
        return self

    def __exit__(self, *_) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def take(self) -> Request:
        """What was asked for since the last call."""
        noted, self._noted = self._noted, Request.NOTHING
        return noted

    def _note(self, request: Request, *_) -> None:
        self._noted = max(self._noted, request)
