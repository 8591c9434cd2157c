"""Output cut into lines of text, in whatever pieces it comes."""


class Lines:
    """Returns lines of any length without their ends; bytes that are no UTF-8 become U+FFFD."""

    def __init__(self) -> None:
        self._partial = bytearray()

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that are complete now."""
        *complete, rest = data.split(b"\n")
        if complete:
            complete[0] = bytes(self._partial) + complete[0]
            self._partial.clear()
        self._partial += rest
        return [_text(line) for line in complete]

    def end(self) -> list[str]:
        """Return the last line if it has no end; begin anew."""
        rest = bytes(self._partial)
        self._partial.clear()
        return [_text(rest)] if rest else []


def _text(line: bytes) -> str:
    return line.decode(errors="replace").removesuffix("\r")
