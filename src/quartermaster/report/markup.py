"""Small pieces of HTML; every text that is not ours is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Parameters
    ----------
    cells
        Plain texts, escaped when written.
    ours
        Whether to set it off: the plan that the page is about.
    """

    cells: Sequence[str]
    ours: bool = False


def table(headings: Sequence[str], rows: Iterable[Row], texts: int = 1, *, narrow: bool = False) -> str:
    """Write a table.

    Parameters
    ----------
    headings
        Plain texts.
    rows
        The rows, each of as many cells.
    texts
        How many of the first columns are text; the others are figures, aligned right.
    narrow
        Whether to keep a table of few columns together instead of as wide as the page.
    """

    def cells(tag: str, values: Sequence[str]) -> str:
        return "".join(
            f'<{tag} class="{"id" if position < texts else "n"}">{escape(value)}</{tag}>'
            for position, value in enumerate(values)
        )

    size = "wide narrow" if narrow else "wide"
    marks = {True: ' class="ours"', False: ""}
    body = "".join(f"<tr{marks[row.ours]}>{cells('td', row.cells)}</tr>" for row in rows)
    return (
        f'<div class="{size}"><table><thead><tr>{cells("th", headings)}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def tile(name: str, figure: str, under: str = "") -> str:
    """Write one large figure with its name and a line under it.

    Parameters
    ----------
    name, figure, under
        Plain texts.
    """
    return (
        f'<div class="tile"><div class="name">{escape(name)}</div><div class="figure">{escape(figure)}</div>'
        f'<div class="under">{escape(under)}</div></div>'
    )


def section(title: str, note: str, body: str) -> str:
    """Write one section.

    Parameters
    ----------
    title, note
        Plain texts; the note says what to look at.
    body
        HTML.
    """
    said = f'<p class="note">{escape(note)}</p>' if note else ""
    return f"<section><h2>{escape(title)}</h2>{said}{body}</section>"


def definitions(pairs: Iterable[tuple[str, str]], code: Sequence[str] = ()) -> str:
    """Write names with their values.

    Parameters
    ----------
    pairs
        Plain texts; a pair without a value is left out.
    code
        Names whose value is set in a fixed-width face.
    """
    written = []
    for name, value in pairs:
        if value:
            shown = f"<code>{escape(value)}</code>" if name in code else escape(value)
            written.append(f"<dt>{escape(name)}</dt><dd>{shown}</dd>")
    return f"<dl>{''.join(written)}</dl>"
