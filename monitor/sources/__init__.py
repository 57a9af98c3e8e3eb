"""The ways in: feeds and the pages behind them.

- `collect.collect(feed, state, fetcher=…, in_worker=…, clock=…) -> Poll` polls one feed; `collect.parse` is what a worker runs.
- `fetch.Fetcher` asks, within bounds and only where it may; `feeds.parse_feed` reads; `poll.decide` judges.
- `pages.Pages(fetcher).full_text(entry)` gets the article behind a teaser.
- `opml`, `discover`: lists of feeds in and out, and the feeds of a site.
"""
