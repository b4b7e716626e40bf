"""The layout of all pages."""

from __future__ import annotations

import html

from airflow_provider_activation.sandbox.core.messages import Response

STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; } h3 { font-size: 1rem; }
main.narrow { max-width: 30rem; margin: 4rem auto; }
table { border-collapse: collapse; font-size: 13px; margin: .4rem 0 1rem; display: block; overflow-x: auto; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .7rem .25rem 0; text-align: left;
  vertical-align: top; }
th { font-weight: 600; } td { font-family: ui-monospace, monospace; }
td div { max-width: 26rem; width: max-content; overflow-wrap: anywhere; }
pre { font-size: 12px; padding: .8rem; border: 1px solid var(--line); border-radius: 6px; overflow-x: auto; }
button { font: inherit; padding: .4rem 1.2rem; border-radius: 6px; border: 1px solid #2457c5;
  background: #2457c5; color: #fff; cursor: pointer; }
button.quiet { background: transparent; color: inherit; border-color: var(--line); }
.good { color: #1a7f37; } .bad { color: #c22f2f; } .going { color: #9a6700; } .faint { opacity: .65; }
"""


def plain_page(title: str, body: str, status: int = 200) -> Response:
    """A response with a small page. `body` is HTML, `title` is text."""
    heading = html.escape(title)
    return Response.html(document(title, f'<main class="narrow"><h1>{heading}</h1>{body}</main>'), status)


def document(title: str, body: str, head: str = "") -> str:
    """A complete HTML document, which loads nothing. `body` and `head` are HTML."""
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style>{head}</head><body>{body}</body></html>"
    )
