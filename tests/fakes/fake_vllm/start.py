"""The stages of a start: what each prints, takes, and how it can fail."""

import json
import os
import signal
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from .engine import Engine
from .options import Options
from .processes import ENDS, Manner, engine_core, spawn
from .recording import BYTES_PER_TOKEN, Printer, Recording, load
from .server import bind
from .settings import Settings

ENGINE_DIED = b"\0"  # beside the numbers of signals


class Failed(Exception):
    """The start failed: print the end of a recorded log from a mark on, and exit."""

    def __init__(self, log: str, mark: str, status: int = 1) -> None:
        """Name the log and the words of its first line to print."""
        super().__init__(log)
        self.log, self.mark, self.status = log, mark, status


def substitute(options: Options, printer: Printer) -> int:
    """Let the recorded lines speak of this model, port and length; return the length."""
    config = Path(options.model) / "config.json"
    try:
        known = json.loads(config.read_bytes()).get("max_position_embeddings", 2048)
    except (OSError, ValueError):
        known = 2048
    length = options.max_model_len or known
    tokens = options.kv_bytes // BYTES_PER_TOKEN
    given = ", ".join(f"{name!r}: {value!r}" for name, value in options.given.items())
    capacity = (
        f"size: {tokens:,} tokens, Maximum concurrency for {length:,} tokens per request: "
        f"{tokens / length:.2f}x"
    )
    recorded = next(line for line in load("start_eager") if "non-default args" in line)
    host = options.host or "0.0.0.0"
    printer.replace = [
        (recorded.partition("args: ")[2], f"{{{given}}}"),
        ("/models/tiny", options.model),
        ("/models/noconfig", options.model),
        ("/models/none", options.model),
        ("http://127.0.0.1:18000", f"http://{host}:{options.port}"),
        ("Using max model len 512", f"Using max model len {length}"),
        (
            "size: 32,768 tokens, Maximum concurrency for 512 tokens per request: 64.00x",
            capacity,
        ),
        ("Started server process [5746]", f"Started server process [{os.getpid()}]"),
    ]
    return int(length)


def take_port(options: Options) -> socket.socket:
    """Bind the port or fail as the real one does."""
    try:
        return bind(options)
    except OSError as error:
        raise Failed("port_taken", "Traceback (most recent call last)") from error


def check_model(model: str) -> None:
    """Fail for a model that is not there, as the real one does."""
    folder = Path(model)
    if folder.is_dir() and not (folder / "config.json").exists():
        raise Failed("no_config", "Traceback (most recent call last)")
    if not folder.is_dir() and folder.is_absolute():
        raise Failed("missing_folder", "Traceback (most recent call last)")
    if not folder.is_dir() and os.environ.get("HF_HUB_OFFLINE") == "1":
        raise Failed("missing_repo", "Traceback (most recent call last)")


def resolve(model: str, log: Recording, settings: Settings, printer: Printer) -> None:
    """Find the model, and print what is printed before the engine core begins."""
    check_model(model)
    settings.pause("resolve")
    printer.show(log.until("Initializing a V1 LLM engine"))


def lose_first_signal(settings: Settings) -> None:
    """Take signals as the real one does in a start: the first is lost, the second ends it as SIGINT.

    Seen with 0.32: a SIGTERM between reading the arguments and "startup complete" raises a
    KeyboardInterrupt that uvloop swallows; the start goes on, or hangs until the second.
    """
    seen: list[int] = []

    def in_start(number: int, _frame: FrameType | None) -> None:
        if seen:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)
        seen.append(number)

    for number in ENDS:
        ignored = "ignores-sigterm" in settings.faults
        signal.signal(number, signal.SIG_IGN if ignored else in_start)


def tell_signals(wakes: socket.socket, settings: Settings) -> None:
    """Take signals by their numbers on a socket, now that there is somebody who reads it."""
    wakes.setblocking(False)
    if "ignores-sigterm" in settings.faults:
        return
    signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
    for number in ENDS:
        signal.signal(number, lambda *_: None)


def start_engine(
    options: Options, settings: Settings, printer: Printer, close: Sequence[socket.socket]
) -> Engine:
    """Start engine core and worker; from here on their pids are in the lines."""
    manner = Manner(
        ignores_signals="ignores-sigterm" in settings.faults,
        survives_parent="survives-api-server" in settings.faults,
        ranks=options.ranks,
    )

    def core(api: socket.socket) -> int:
        printer.pids["EngineCore"] = os.getpid()
        return engine_core(api, printer, manner)

    def died() -> None:
        close[-1].send(ENGINE_DIED)

    engine = Engine(spawn("VLLM::EngineCore", core, close), died)
    printer.pids["EngineCore"] = engine.child.pid
    printer.pids["Worker"] = engine.worker_pid() or 0
    settings.pause("engine")
    return engine


def load_weights(log: Recording, settings: Settings, printer: Printer) -> None:
    """Print the stages in which starts stall and fail."""
    printer.show(log.until("world_size="))
    settings.pause("ranks")
    printer.show(log.until("100% Completed"))
    if "stalls-in-weights" in settings.faults:
        threading.Event().wait()
    settings.pause("weights")
    if "dies-in-start" in settings.faults:
        raise Failed(settings.faults["dies-in-start"] or "corrupt", " ERROR ")
    if "exits-0-in-start" in settings.faults:
        raise Failed("start_eager", "Application shutdown complete", status=0)


def engine_lives(engine: Engine) -> None:
    """Fail if the engine core is gone, as the real one does."""
    if os.waitpid(engine.child.pid, os.WNOHANG)[0]:
        raise Failed("kill_engine_in_start", "Traceback (most recent call last)")
