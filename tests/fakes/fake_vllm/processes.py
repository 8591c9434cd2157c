"""The processes below the API server: an engine core and its worker, which a request goes through.

A request is one byte that the API server sends to the engine core and that one sends to the worker;
the answers come back the same way. So a stopped process (SIGSTOP) makes requests hang, and one that
is gone ends its sockets, as with the real ones.
"""

import os
import select
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from types import FrameType

from .recording import Printer, after, load
from .titles import set_title

KILLS = b"!"  # the request that kills the engine
ENDS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True)
class Child:
    """A process below us and the socket to it."""

    pid: int
    socket: socket.socket


class Ended(Exception):
    """We were told to end."""


@dataclass(frozen=True)
class Manner:
    """How the processes behave: the faults that concern them."""

    ignores_signals: bool = False
    survives_parent: bool = False
    ranks: int = 1


def spawn(title: str, body: Callable[[socket.socket], int], close: Sequence[socket.socket]) -> Child:
    """Fork a process with a title that runs `body` and exits with what it returns."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        for other in (ours, *close):
            other.close()
        set_title(title)
        status = 1
        try:
            status = body(theirs)
        finally:
            os._exit(status)
    theirs.close()
    return Child(pid, ours)


def engine_core(api: socket.socket, printer: Printer, manner: Manner) -> int:
    """Be VLLM::EngineCore: start the worker, tell its pid, pass requests on, notice its death."""
    _set_signals(manner, ends_at_once=False)
    titles = [f"VLLM::Worker_TP{rank}" for rank in range(manner.ranks)]
    if manner.ranks == 1:
        titles = ["VLLM::Worker"]
    workers: list[Child] = []
    for title in titles:
        others = [api, *(worker.socket for worker in workers)]
        workers.append(spawn(title, lambda core: worker_loop(core, manner), others))
    try:
        api.sendall(f"{workers[0].pid}\n".encode())
        return _serve(api, workers, printer, manner)
    except (Ended, BrokenPipeError, ConnectionResetError):
        return 0
    finally:
        for worker in workers:
            worker.socket.close()
            os.kill(worker.pid, signal.SIGKILL)
            os.waitpid(worker.pid, 0)


def worker_loop(core: socket.socket, manner: Manner) -> int:
    """Be VLLM::Worker: answer until the engine core is gone."""
    _set_signals(manner, ends_at_once=True)
    while request := core.recv(1):
        core.sendall(request)
    return 0


def _serve(api: socket.socket, workers: Sequence[Child], printer: Printer, manner: Manner) -> int:
    watched: list[socket.socket] = [api, *(worker.socket for worker in workers)]
    while True:
        for ready in select.select(watched, [], [])[0]:
            data = ready.recv(1)
            if not data and ready is not api:
                _worker_died(printer)
                return 1
            if data == KILLS:
                _request_killed(printer)
                return 1
            if data:
                (workers[0].socket if ready is api else api).sendall(data)
            elif not manner.survives_parent:
                return 0
            else:
                watched.remove(api)


def _worker_died(printer: Printer) -> None:
    for line in after(load("kill_worker"), "died unexpectedly"):
        if "EngineCore" in line and "INFO" not in line:
            printer.line(line.replace("exit code: None", "exit code: -9"))


def _request_killed(printer: Printer) -> None:
    lines = after(load("pp2_dies"), "WorkerProc hit an exception")
    for line in takewhile(lambda line: "AsyncLLM output_handler failed" not in line, lines):
        printer.line(line)


def _set_signals(manner: Manner, *, ends_at_once: bool) -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        raise Ended

    for number in ENDS:
        if manner.ignores_signals:
            signal.signal(number, signal.SIG_IGN)
        else:
            signal.signal(number, signal.SIG_DFL if ends_at_once else end)
    signal.set_wakeup_fd(-1)
