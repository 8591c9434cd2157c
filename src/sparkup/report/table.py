"""Rows of text below each other."""

from collections.abc import Sequence

from sparkup.report.view import printable

NARROW = 12  # characters that a last column has at least


def table(rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """Return rows below each other; the last column has what is left of the width of a terminal."""
    rows = [[printable(cell) for cell in row] for row in rows]  # a command may hold what moves a cursor
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    left = None if width is None else max(NARROW, width - sum(widths[:-1]) - 2 * len(widths[:-1]))
    return "".join(
        "  ".join(
            [*(cell.ljust(size) for cell, size in zip(row, widths[:-1], strict=False)), cut(row[-1], left)]
        ).rstrip()
        + "\n"
        for row in rows
    )


def cut(cell: str, width: int | None) -> str:
    return cell if width is None or len(cell) <= width else f"{cell[: width - 1]}…"
