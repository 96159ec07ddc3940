"""What a person types after ``/binder`` when launching. Pure: no network, no clock, no Slack calls.

`text` cleans, `words` splits, `options`, `paths`, `urls`, `sources` and `binderlinks` read the parts, `reading` puts them
together, `printing` is the way back. Every refusal is a `PersonError` with the place of the mistake.
"""

from bot.grammar.printing import page_of, parse_line, unparse
from bot.grammar.reading import parse
from provisioning.sources.content import Content, content_of

__all__ = ["Content", "content_of", "page_of", "parse", "parse_line", "unparse"]
