"""Links in the markup of a README, from which badges are copied: Markdown, reStructuredText and HTML become what they lead to.

Knows markup, not what the links mean. Each search goes on where the last one ended, so the work grows with the text's length.
"""

import re

from bot.grammar.text import Text, put_together

_TITLE = r"""(?:\s+["'][^"'()]*["'])?\s*"""
_IMAGE = rf"!\[[^\[\]]*\](?:\([^()\s]*{_TITLE}\)|\[[^\[\]]*\])"  # its address here, or named elsewhere
_MARKDOWN_BADGE = re.compile(rf"\[{_IMAGE}\]\(([^()\s]+){_TITLE}\)")
_MARKDOWN_LINK = re.compile(rf"(?<!!)\[[^\[\]]*\]\(([^()\s]+){_TITLE}\)")
_REST_LINK = re.compile(r"`(?:[^`<>]*?\s)?<?([A-Za-z]+://[^\s`<>]+)>?`__?")
_NAMED = re.compile(
    r"\A(?:\[[^\[\]]+\]|\.\.\s+_[^:\n]+):\s+([A-Za-z]+://\S+)"
)  # where a README names its links
_REST_IMAGE = re.compile(r"\.\.\s+(?:\|[^|]*\|\s+)?image::")
_REST_TARGET = re.compile(r":target:\s*(\S+)")
_REST_OPTION = re.compile(r":[a-z-]+:")
_WORD = re.compile(r"\n|[^\S\n]+|\S+")
_ANCHOR = re.compile(r"<a\s[^<>]*>", re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s*=\s*["'“”‘’]?([^\s"'“”‘’<>]+)""", re.IGNORECASE)  # noqa: RUF001 - quotes that keyboards make
_ANCHOR_END = re.compile(r"</a\s*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)


def unbadged(text: Text) -> Text:
    """The text with each badge and link as the address that it leads to."""
    for pattern in (_MARKDOWN_BADGE, _MARKDOWN_LINK, _REST_LINK, _NAMED):
        pieces, end = [], 0
        for match in pattern.finditer(text.value):
            pieces += [text.cut(end, match.start()), text.cut(*match.span(1))]
            end = match.end()
        text = put_together(text, [*pieces, text.cut(end)])
    return _without_html(_without_directive(text))


def _without_directive(text: Text) -> Text:
    """A reStructuredText image as its target; the words of its other options are left out."""
    image = _REST_IMAGE.search(text.value)
    target = _REST_TARGET.search(text.value, image.end()) if image else None
    if not image or not target:
        return text
    end, in_option = target.end(), False
    for word in _WORD.finditer(text.value, target.end()):
        if word[0].isspace():
            in_option = in_option and word[0] != "\n"
            continue
        if _REST_OPTION.match(word[0]):
            in_option = True
        if not in_option or "=" in word[0] or word[0].startswith("--"):
            break
        end = word.end()
    pieces = [text.cut(0, image.start()), text.cut(*target.span(1)), text.cut(end)]
    return _on_one_line(put_together(text, pieces))


def _without_html(text: Text) -> Text:
    """An HTML anchor as its address; its content and the tags around it are left out. Text without an anchor stays."""
    pieces, end = [], 0
    for anchor in _ANCHOR.finditer(text.value):
        address = _HREF.search(text.value, *anchor.span()) if anchor.start() >= end else None
        if address is None:
            continue  # inside of the one before, or a place to jump to
        closing = _ANCHOR_END.search(text.value, anchor.end())
        before = text.cut(end, anchor.start())
        pieces += [before, text.cut(*address.span(1)), text.cut(*anchor.span()).instead(" ")]
        end = closing.end() if closing else len(text.value)
    if not pieces:
        return text
    bare = put_together(text, [*pieces, text.cut(end)])
    pieces, end = [], 0
    for tag in _TAG.finditer(bare.value):
        pieces += [bare.cut(end, tag.start()), bare.cut(*tag.span()).instead(" ")]
        end = tag.end()
    return _on_one_line(put_together(bare, [*pieces, bare.cut(end)]))


def _on_one_line(text: Text) -> Text:
    """Markup is spread over lines; what is left of it is one launch."""
    return Text(
        value=text.value.replace("\n", " ").replace("\r", " "), places=text.places, original=text.original
    )
