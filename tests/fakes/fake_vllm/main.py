"""The life of the API server: start stage by stage, serve, end."""

import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from . import start
from .engine import Engine
from .options import VERSION, Options, Refused, parse, usage_without_command
from .recording import Printer, Recording, after, load
from .server import Server, State
from .settings import Settings
from .titles import set_name

# Of the recorded ends: the requests of then, and the complaints of a process that the fake has not.
NOT_OURS = ("GET /health", "resource_tracker", "warnings.warn")


def main(argv: Sequence[str]) -> int:
    """Do what `vllm` does with its arguments; return the exit status."""
    set_name("vllm")
    settings = Settings.read()
    settings.pause("python")  # the real one imports PyTorch before it reads its arguments
    if list(argv) in (["--version"], ["-v"]):
        sys.stdout.write(f"{VERSION}+cpu\n")
        return 0
    try:
        options = parse(serve_arguments(argv))
    except Refused as refused:
        sys.stderr.write(str(refused))
        return 2
    if key := os.environ.get("VLLM_API_KEY"):
        options = replace(options, api_keys=options.api_keys or (key,))
    printer = Printer(quiet="quiet" in settings.faults)
    printer.pids["APIServer"] = os.getpid()
    try:
        return run(options, settings, printer)
    except start.Failed as failed:
        for line in after(load(failed.log), failed.mark):
            printer.line(line)
        return failed.status


def serve_arguments(argv: Sequence[str]) -> Sequence[str]:
    """Return what follows `serve`; the fake has no other command."""
    if list(argv[:1]) != ["serve"]:
        raise Refused(usage_without_command(argv))
    return argv[1:]


def run(options: Options, settings: Settings, printer: Printer) -> int:
    """Start, serve, and end."""
    max_model_len = start.substitute(options, printer)
    log = Recording("start_eager")
    printer.show(log.until("Resolved architecture"))
    bound = start.take_port(options)
    wake, wakes = socket.socketpair()
    start.lose_first_signal(settings)
    start.resolve(options.model, log, settings, printer)
    engine = start.start_engine(options, settings, printer, (bound, wake, wakes))
    start.load_weights(log, settings, printer)
    start.engine_lives(engine)
    printer.show(log.until("Application startup complete"))
    settings.pause("server")
    engine.watch()
    start.tell_signals(wakes, settings)
    state = State(options, max_model_len, engine, printer, settings.faults, settings.token)
    threading.Thread(target=Server(bound, state).serve_forever, daemon=True).start()
    printer.raw("INFO:     Application startup complete.")
    misbehave_later(engine, settings, printer)
    return wait_for_the_end(wake, engine, settings, printer)


def misbehave_later(engine: Engine, settings: Settings, printer: Printer) -> None:
    """Begin the faults of a server that was fine at first."""
    if "health-503-then-exit-0" in settings.faults:
        seconds = float(settings.faults["health-503-then-exit-0"] or "1")
        timer = threading.Timer(seconds, os.kill, (engine.child.pid, signal.SIGKILL))
        timer.daemon = True
        timer.start()
    if "big-log" in settings.faults:
        size = int(float(settings.faults["big-log"] or "10") * 1_000_000)
        threading.Thread(target=fill_log, args=(printer, size), daemon=True).start()


def fill_log(printer: Printer, size: int) -> None:
    """Print so many bytes without pause."""
    line = (
        "(APIServer pid=1) INFO 11-24 00:00:00 [loggers.py:335] Engine 000: Avg prompt throughput: "
        "4.9 tokens/s, Avg generation throughput: 2.4 tokens/s, Running: 0 reqs, Waiting: 0 reqs"
    )
    for _ in range(size // (len(line) + 1)):
        printer.raw(line)


def wait_for_the_end(wake: socket.socket, engine: Engine, settings: Settings, printer: Printer) -> int:
    """Wait for a signal or the death of the engine, and end as the real one does."""
    select.select([wake], [], [])
    died = wake.recv(1) == start.ENGINE_DIED
    if died:
        lines = after(load("kill_engine"), "engine core exited unexpectedly")
        time.sleep(settings.exit)
    else:
        lines = after(load("start_eager"), "shutdown triggered")
        if not engine.dead.is_set():
            os.kill(engine.child.pid, signal.SIGTERM)
            engine.dead.wait(5)
    for line in lines:
        if line and not any(words in line for words in NOT_OURS):
            printer.line(line)
    return 0
