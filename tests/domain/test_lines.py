"""Lines are the same in whatever pieces they come."""

import pytest

from sparkup.domain.lines import Lines

DATA = "one\r\n\nt\u2603o\rthree\n".encode() + b"\xff\xe2end"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_pieces_of_any_size(size: int) -> None:
    cut = Lines()
    pieces = [DATA[begin : begin + size] for begin in range(0, len(DATA), size)]
    found = [line for piece in pieces for line in cut.feed(piece)]
    assert found == ["one", "", "t\u2603o\rthree"]
    assert cut.end() == ["\ufffd\ufffdend"]
    assert cut.end() == []
