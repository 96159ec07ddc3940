"""The shapes of rich text: sections, lists, quotes, preformatted text and the pieces in them.

Source: docs.slack.dev/reference/block-kit/blocks/rich-text-block.
"""

from bot.playground.shapes import Shape, anything, by_type, flag, items, number, one_of, string, typed, url

_STYLE: Shape = {"style": anything}

_PIECES: Shape = {
    "text": typed("text", {"text": string()}, _STYLE),
    "link": typed("link", {"url": url()}, {**_STYLE, "text": string(), "unsafe": flag}),
    "emoji": typed("emoji", {"name": string(least=1)}, {"unicode": string(), "skin_tone": anything}),
    "user": typed("user", {"user_id": string(least=1)}, _STYLE),
    "usergroup": typed("usergroup", {"usergroup_id": string(least=1)}, _STYLE),
    "channel": typed("channel", {"channel_id": string(least=1)}, _STYLE),
    "broadcast": typed("broadcast", {"range": one_of("here", "channel", "everyone")}, _STYLE),
    "date": typed(
        "date",
        {"timestamp": number(0, 9_999_999_999), "format": string(least=1)},
        {**_STYLE, "url": url(), "fallback": string()},
    ),
    "color": typed("color", {"value": string(least=1)}, _STYLE),
}
_PIECE = by_type(lambda: _PIECES, "rich text element")
_PREFORMATTED = by_type(lambda: {k: _PIECES[k] for k in ("text", "link")}, "preformatted element")
_SECTION = typed("rich_text_section", {"elements": items(_PIECE, least=0)}, {})

RICH_TEXT_ELEMENTS = by_type(
    lambda: {
        "rich_text_section": _SECTION,
        "rich_text_list": typed(
            "rich_text_list",
            {"elements": items(_SECTION), "style": one_of("bullet", "ordered")},
            {"indent": number(0, 8), "offset": number(0, 10_000), "border": number(0, 1)},
        ),
        "rich_text_quote": typed(
            "rich_text_quote", {"elements": items(_PIECE, least=0)}, {"border": number(0, 1)}
        ),
        "rich_text_preformatted": typed(
            "rich_text_preformatted",
            {"elements": items(_PREFORMATTED, least=0)},
            {"border": number(0, 1), "language": string()},
        ),
    },
    "rich text",
)
