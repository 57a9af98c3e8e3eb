"""A document of every kind of feed that there is, as publishers write them: material for parsers and fuzzers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random

from tests.sources.documents import TEXTS, TITLES

_DATE = "Tue, 24 Nov 2026 10:00:00 GMT"
_ISO = "2026-11-24T10:00:00Z"


def _items(template: str) -> str:
    return "".join(
        template.format(n=number, title=TITLES[language], text=TEXTS[language], date=_DATE, iso=_ISO)
        for number, language in enumerate(TITLES)
    )


_PLAIN = "<item><title>{title}</title><link>https://news.example/a/{n}</link><description>{text}</description></item>"
_CHANNEL = "<title>News</title><link>https://news.example/</link><description>All</description>"


def _rss(version: str, items: str, *, channel: str = "", spaces: str = "") -> str:
    return (
        f'<?xml version="1.0"?>\n<rss version="{version}"{spaces}><channel>{_CHANNEL}{channel}{items}</channel></rss>'
    )


def _json(version: str, items: Sequence[dict[str, object]]) -> str:
    return json.dumps({"version": f"https://jsonfeed.org/version/{version}", "title": "News", "items": items})


_JSON_ITEMS: list[dict[str, object]] = [
    {
        "id": f"https://news.example/a/{number}",
        "url": f"https://news.example/a/{number}",
        "title": TITLES[language],
        "content_html": f"<p>{TEXTS[language]}</p>",
        "content_text": TEXTS[language],
        "date_published": _ISO,
        "authors": [{"name": "A. Writer"}],
        "language": language,
    }
    for number, language in enumerate(TITLES)
]
_NETSCAPE = (
    '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" '
    '"http://my.netscape.com/publish/formats/rss-0.91.dtd">\n'
)
_SPACES = (
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom"'
    ' xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:yandex="http://news.yandex.ru"'
)
_RDF_SPACES = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/"'

_WRITTEN = {
    "rss 0.90": f'<rdf:RDF {_RDF_SPACES} xmlns="http://my.netscape.com/rdf/simple/0.9/"><channel>{_CHANNEL}</channel>'
    + _items("<item><title>{title}</title><link>https://news.example/a/{n}</link></item>")
    + "</rdf:RDF>",
    "rss 0.91": _NETSCAPE
    + _rss("0.91", _items(_PLAIN), channel="<language>ru</language><skipHours><hour>3</hour></skipHours>").partition("\n")[2],
    "rss 0.92": _rss(
        "0.92",
        _items(_PLAIN).replace("</item>", '<source url="https://other.example/rss">Other</source><category>x</category></item>'),
        channel='<cloud domain="x" port="80" path="/" registerProcedure="p" protocol="xml-rpc"/>',
    ),
    "rss 0.93": _rss("0.93", _items(_PLAIN.replace("</item>", "<pubDate>{date}</pubDate></item>"))),
    "rss 0.94": _rss("0.94", _items(_PLAIN.replace("<description>", '<description type="text/html">')), channel="<ttl>30</ttl>"),
    "rss 1.0": f'<rdf:RDF {_RDF_SPACES} xmlns="http://purl.org/rss/1.0/" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
    f'<channel rdf:about="https://news.example/">{_CHANNEL}</channel>'
    + _items(
        '<item rdf:about="https://news.example/a/{n}"><title>{title}</title><link>https://news.example/a/{n}</link>'
        "<description>{text}</description><dc:date>{iso}</dc:date><dc:creator>A. Writer</dc:creator>"
        "<content:encoded><![CDATA[<p>{text}</p><p>{text}</p>]]></content:encoded></item>"
    )
    + "</rdf:RDF>",
    "rss 2.0": _rss(
        "2.0",
        _items(
            "<item><title><![CDATA[{title}]]></title><link>https://news.example/a/{n}?utm_source=rss</link>"
            '<guid isPermaLink="false">urn:{n}</guid><pubDate>{date}</pubDate><dc:creator><![CDATA[A. Writer]]></dc:creator>'
            "<category>World</category><description><![CDATA[<p>{text} <a href='/x'>more</a></p>]]></description>"
            "<content:encoded><![CDATA[<p>{text}</p><p>&laquo;{text}&raquo;</p>]]></content:encoded>"
            '<media:content url="https://news.example/i.jpg" medium="image"><media:title>Photo</media:title></media:content>'
            '<enclosure url="https://news.example/a.mp3" length="1" type="audio/mpeg"/></item>'
        ),
        channel='<atom:link href="https://news.example/feed" rel="self"/><sy:updatePeriod>hourly</sy:updatePeriod>'
        "<image><title>Logo</title><url>https://news.example/l.png</url><link>https://news.example/</link></image>"
        "<textInput><title>Search</title><name>q</name><link>https://news.example/s</link></textInput>",
        spaces=_SPACES,
    ),
    "yandex": _rss(
        "2.0",
        _items(
            "<item><title>{title}</title><link>https://news.example/a/{n}</link><description>{text}</description>"
            "<pubDate>{date}</pubDate><yandex:full-text>{text} {text}</yandex:full-text><author>Редакция</author></item>"
        ),
        spaces=_SPACES,
    ),
    "aggregator": _rss(
        "2.0",
        _items(
            '<item><title>{title} - Reuters</title><link>https://news.google.com/rss/articles/CBM{n}?oc=5</link>'
            '<guid isPermaLink="false">CBM{n}</guid><pubDate>{date}</pubDate><description>&lt;a href="x"&gt;{text}&lt;/a&gt;'
            '&amp;nbsp;&lt;font color="#6f6f6f"&gt;Reuters&lt;/font&gt;</description>'
            '<source url="https://www.reuters.com">Reuters</source></item>'
        ),
    ),
    "rss 2.0 of permanent links": _rss(
        "2.0",
        _items("<item><guid>https://news.example/a/{n}</guid><title>{title}</title><description>{text}</description></item>"),
    ),
    "rss 1.1": f'<Channel xmlns="http://purl.org/net/rss1.1#" {_RDF_SPACES}><title>N</title><link>https://news.example/</link>'
    "<items><item><title>T</title><link>https://news.example/a/1</link></item></items></Channel>",
    "atom 0.3": '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>N</title><modified>2026-11-24T10:00:00Z</modified>'
    + _items(
        '<entry><title mode="escaped">{title}</title><link rel="alternate" type="text/html" href="https://news.example/a/{n}"/>'
        "<id>tag:news.example,2026:{n}</id><issued>{iso}</issued><modified>{iso}</modified>"
        '<content type="text/html" mode="escaped">&lt;p&gt;{text}&lt;/p&gt;</content></entry>'
    )
    + "</feed>",
    "atom 1.0": '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ar" xml:base="https://news.example/">'
    '<title type="text">N</title><id>urn:feed</id><updated>2026-11-24T10:00:00Z</updated><link rel="self" href="/feed"/>'
    + _items(
        '<entry><id>urn:{n}</id><title type="html">{title}</title><link href="a/{n}"/><link rel="enclosure" href="a/{n}.mp3"/>'
        "<published>{iso}</published><updated>2026-11-24T11:00:00+03:00</updated><author><name>A. Writer</name></author>"
        '<summary type="text">{text}</summary><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>{text}</p>'
        "<p>{text}<br/>{text}</p></div></content></entry>"
    )
    + "</feed>",
    "atom of an aggregator": '<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:title>N</a:title>'
    + _items(
        "<a:entry><a:id>urn:{n}</a:id><a:title>{title}</a:title><a:link href='https://news.example/a/{n}'/>"
        "<a:updated>{iso}</a:updated><a:source><a:title>Origin</a:title><a:link href='https://origin.example/'/></a:source>"
        "<a:summary type='html'>&lt;b&gt;{text}&lt;/b&gt;</a:summary></a:entry>"
    )
    + "</a:feed>",
    "json feed 1.0": _json("1", _JSON_ITEMS),
    "json feed 1.1": _json("1.1", _JSON_ITEMS),
    "news sitemap": '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">'
    + _items(
        "<url><loc>https://news.example/a/{n}</loc><lastmod>{iso}</lastmod><news:news><news:publication><news:name>N</news:name>"
        "<news:language>ar</news:language></news:publication><news:publication_date>{iso}</news:publication_date>"
        "<news:title>{title}</news:title></news:news></url>"
    )
    + "<url><loc>https://news.example/about</loc></url></urlset>",
    "sitemap index": "<sitemapindex><sitemap><loc>https://news.example/s1.xml</loc></sitemap></sitemapindex>",
    "opml": '<opml version="2.0"><body><outline type="rss" xmlUrl="https://news.example/feed"/></body></opml>',
    "web page": "<!doctype html><html><head><title>N</title><link rel='alternate' type='application/rss+xml' href='/f'></head>"
    f"<body><article><h1>{TITLES['ar']}</h1><p>{TEXTS['ar']}</p><p>{TEXTS['ru']}</p></article></body></html>",
}  # fmt: skip
KINDS = {name: text.encode() for name, text in _WRITTEN.items()}
"""Name → document. The last three are no feeds, but are found where feeds should be."""

_PLAIN_NAMES = (
    "title",
    "link",
    "guid",
    "id",
    "description",
    "summary",
    "content:encoded",
    "pubDate",
    "dc:date",
    "author",
    "dc:creator",
    "source",
    "category",
    "enclosure",
    "media:content",
    "media:thumbnail",
    "slash:comments",
    "odd:thing",
    "updated",
    "dc:title",
    "dcterms:issued",
    "image",
    "language",
    "ttl",
)
_NAMES = (
    *_PLAIN_NAMES, "media:title", "atom:link", "dc:description", "content", "media:description", "media:group", "published", "dcterms:created",
    "lastBuildDate", "date", "itunes:author", "itunes:summary", "itunes:subtitle", "managingEditor", "comments", "yandex:full-text", "full-text",
    "fulltext", "body", "fullitem", "abstract", "info", "subtitle", "dc:language", "dc:source", "name", "email", "url", "uri", "odd:title", "thing",
    "wfw:commentRss", "expirationDate", "contributor", "dc:contributor", "georss:point", "summary_detail", "items", "TITLE", "Link", "GUID", "pubdate",
    "sy:updatePeriod", "skipHours",
)  # fmt: skip
_VALUES = (
    "", " ", "word", "Слово слово", "كلمة أخرى", "&lt;p&gt;text&lt;/p&gt;", "<![CDATA[<p>text &amp; more</p>]]>", "a &amp;amp; b", "caf\u00c3\u00a9", "\u0093x\u0094",
    "https://news.example/a/1?x=1&amp;y=2", "http:////news.example/b", "/a/2", "tag:1", "2026-11-24T10:00:00Z", _DATE, "a@b.example (A. Writer)", "<b>bold</b>",
    "<name>A. Writer</name><email>a@b.example</email>", "<name>B</name>", "<title>inner</title>", "<media:title>Photo</media:title>", "word<!-- x -->word", "x" * 300,
    "<link>https://news.example/inner</link>", "<div xmlns='http://www.w3.org/1999/xhtml'><p>text</p></div>", "<odd:thing><odd:other/></odd:thing>",
)  # fmt: skip
_PLAIN_VALUES = 17  # those without elements inside
_SAID = (
    ' isPermaLink="false"', ' isPermaLink="true"', ' type="html"', ' type="text"', ' type="xhtml"', ' type="text/html" mode="escaped"', ' href="https://news.example/h"',
    ' rel="alternate" href="/h?a=1&amp;b=2"', ' rel="self" href="https://news.example/f"', ' rel="enclosure" type="audio/mpeg" href="https://news.example/e"', ' url="https://other.example/"',
    ' mode="base64"', ' src="https://news.example/s"', ' xml:lang="ar"', ' x="y"',
)  # fmt: skip


def composed(chance: Random) -> bytes:
    """A well-formed feed of odd elements in an odd order: what a publisher's software could write, and readers read in two ways."""

    odd = chance.choice((0.0, 0.02, 0.1, 0.3))

    def element() -> str:
        name, said, value = chance.choice(_PLAIN_NAMES), "", chance.choice(_VALUES[:_PLAIN_VALUES])
        if chance.random() < odd:
            name = chance.choice(_NAMES)
        if chance.random() < odd:
            said = chance.choice(_SAID)
        if chance.random() < odd:
            value = chance.choice(_VALUES)
        return f"<{name}{said}>{value}</{name}>"

    def item(name: str) -> str:
        about = chance.choice(("", "", "", ' rdf:about="https://news.example/about"', ' xml:lang="ru"'))
        return f"<{name}{about}>{''.join(element() for _ in range(chance.randrange(1, 8)))}</{name}>"

    spaces = (
        f'{_SPACES} {_RDF_SPACES.partition(" ")[0]} xmlns:dcterms="http://purl.org/dc/terms/" xmlns:odd="urn:odd" '
        'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:slash="http://purl.org/rss/1.0/modules/slash/" '
        'xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:georss="http://www.georss.org/georss"'
    )
    head = "".join(element() for _ in range(chance.randrange(3)))
    items = [item("item") for _ in range(chance.randrange(1, 4))]
    kind = chance.randrange(4)
    if kind == 0:
        entries = "".join(each.replace("<item", "<entry").replace("</item>", "</entry>") for each in items)
        return f'<feed xmlns="http://www.w3.org/2005/Atom"{spaces}>{head}{entries}</feed>'.encode()
    if kind == 1:
        return f'<rdf:RDF xmlns="http://purl.org/rss/1.0/"{spaces}><channel>{head}</channel>{"".join(items)}</rdf:RDF>'.encode()
    chance.shuffle(items)
    return f'<rss version="2.0"{spaces}><channel>{head}{"".join(items)}</channel></rss>'.encode()
