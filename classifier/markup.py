"""Write HTML: what pages are put together from.

Whatever was not made here is escaped when it goes into an element: an article, a label or an id comes from somebody's
file, and must not become markup because one place forgot to escape it.
"""

from html import escape


class Html(str):
    """Markup; any other text is escaped on its way into it."""

    __slots__ = ()


def together(*inside: str) -> Html:
    """Return the parts one after the other.

    Examples
    --------
    >>> together(Html("<b>a</b>"), " < b")
    '<b>a</b> &lt; b'
    """
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in inside))


def tag(name: str, *inside: str, **attributes: object) -> Html:
    """Return an element; `class_` names the attribute class, `aria_label` aria-label.

    Examples
    --------
    >>> tag("p", "a < b", class_="note")
    '<p class="note">a &lt; b</p>'
    """
    named = (f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"' for key, value in attributes.items())
    return Html(f"<{name}{''.join(named)}>{together(*inside)}</{name}>")


def breakable(name: str) -> Html:
    """Return a name that breaks after an underscore or a dot first, where it is too long."""
    return name if isinstance(name, Html) else Html(escape(name).replace("_", "_<wbr>").replace(".", ".<wbr>"))
