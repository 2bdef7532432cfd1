"""Make the sample files of this folder again: ``python make.py`` (LibreOffice Writer, Chromium, hyphen-en-gb).

The prose is that of three stories of ``data/stories``; the chrome around it is ours too.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from functools import partial
from html import escape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

HERE = Path(__file__).parent
STORIES = HERE.parents[2] / "data" / "stories" / "stories.jsonl"
TITLES = {
    "s001/full": "Library to move into the old bank",
    "s064/full": "The hand in the tunnel wall",
    "s095/full": "A census of street trees",
}
FOOTNOTE = "The figures were read out at the meeting and are not in the printed papers."
LIST = ["Returns go to the old counter.", "Local history goes to the vault.", "The night safe takes books."]
TABLE = [("Year", "Loans"), ("2021", "48,200"), ("2022", "51,900")]
RUNNING_HEAD = "The Tolbury Courier"

# One file of OpenDocument XML, which LibreOffice turns into everything else.
FODT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"
 office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.text">
<office:styles>
 <style:style style:name="Standard" style:family="paragraph">
  <style:paragraph-properties fo:text-align="justify" fo:margin-bottom="0.25cm" fo:hyphenation-ladder-count="no-limit"/>
  <style:text-properties style:font-name="Liberation Serif" fo:font-family="'Liberation Serif'" fo:font-size="11pt"
   fo:language="en" fo:country="GB" fo:hyphenate="true" fo:hyphenation-remain-char-count="2"
   fo:hyphenation-push-char-count="2"/>
 </style:style>
 <style:style style:name="Heading_20_1" style:display-name="Heading 1" style:family="paragraph"
  style:parent-style-name="Standard" style:default-outline-level="1">
  <style:paragraph-properties fo:text-align="left" fo:margin-top="0.6cm"/>
  <style:text-properties fo:font-size="16pt" fo:font-weight="bold" fo:hyphenate="false"/>
 </style:style>
 <style:style style:name="Small" style:family="paragraph" style:parent-style-name="Standard">
  <style:paragraph-properties fo:text-align="center"/>
  <style:text-properties fo:font-size="8pt"/>
 </style:style>
 <text:notes-configuration text:note-class="footnote" style:num-format="1"/>
</office:styles>
<office:automatic-styles>
 <style:page-layout style:name="pm"><style:page-layout-properties fo:page-width="{width}cm" fo:page-height="21cm"
  fo:margin-top="1.2cm" fo:margin-bottom="1.2cm" fo:margin-left="1.6cm" fo:margin-right="1.6cm"/>
  <style:header-style><style:header-footer-properties fo:min-height="0.8cm" fo:margin-bottom="0.3cm"/></style:header-style>
  <style:footer-style><style:header-footer-properties fo:min-height="0.8cm" fo:margin-top="0.3cm"/></style:footer-style>
 </style:page-layout>
 <style:style style:name="Sect" style:family="section"><style:section-properties>
  <style:columns fo:column-count="{columns}" fo:column-gap="0.8cm"/></style:section-properties></style:style>
</office:automatic-styles>
<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="pm">
 <style:header><text:p text:style-name="Small">{head}</text:p></style:header>
 <style:footer><text:p text:style-name="Small">Page <text:page-number text:select-page="current">1</text:page-number>
 of <text:page-count>1</text:page-count></text:p></style:footer>
</style:master-page></office:master-styles>
<office:body><office:text><text:section text:name="all" text:style-name="Sect">{body}</text:section></office:text>
</office:body></office:document>
"""

# ruff: noqa: E501 - the lines below are as long as web sites write them
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title} | {paper}</title>
<meta property="og:title" content="{title}"><link rel="stylesheet" href="/s.css">
<style>nav li {{ display: inline }} * {{ font: 12pt "Liberation Serif" }}</style>
<script>window.dataLayer = window.dataLayer || []; function track(e) {{ dataLayer.push("tracked sentence in a script.") }}</script>
</head><body class="post article-page">
<div id="cookie-banner" class="cookie-consent" role="dialog"><p>We value your privacy. We and our 214 partners store
cookies on your device to show you advertising.</p><button>Accept all</button> <button>Manage choices</button></div>
<header><a class="skip" href="#main">Skip to main content</a><a href="/">{paper}</a>
<nav aria-label="Main"><ul><li><a href="/">Home</a></li><li><a href="/news">News</a></li><li><a href="/sport">Sport</a></li>
<li><a href="/weather">Weather</a></li><li><a href="/jobs">Jobs</a></li></ul></nav>
<form role="search"><input placeholder="Search"><button>Search</button></form></header>
<main id="main"><article><h1>{title}</h1>
<p class="byline">By <a href="/staff/ada">Ada Merrow</a></p><time datetime="2024-03-05">5 March 2024, 9.14am</time>
<ul class="share-buttons"><li><a href="#">Share on Facebook</a></li><li><a href="#">Tweet</a></li><li><a href="#">Email</a></li></ul>
<figure><img src="a.jpg" alt="A street"><figcaption>A street in the town. Picture: Ada Merrow/The Tolbury Courier</figcaption></figure>
{body}
<div class="newsletter-signup"><h3>The Courier in your inbox</h3><p>Sign up to our newsletter and never miss a story.</p></div>
</article>
<section class="comments" id="comments"><h2>Comments (2)</h2>
<div class="comment"><b>towncrier61</b><p>About time somebody did something with that building, if you ask me.</p><a>Reply</a></div>
<div class="comment"><b>m_postlethwaite</b><p>My grandmother borrowed her first book there, and never gave it back.</p><a>Reply</a></div>
</section></main>
<aside class="related sidebar"><h2>You may also like</h2><ul><li><a href="/1">Ten bakeries you must visit before summer ends</a></li>
<li><a href="/2">Fire service plans open day at training tower</a></li><li><a href="/3">Your pictures of the week</a></li></ul></aside>
<footer><p>&copy; 2024 {paper} Ltd. All rights reserved.</p><ul><li><a href="/t">Terms of use</a></li>
<li><a href="/p">Privacy policy</a></li><li><a href="/c">Contact us</a></li></ul></footer>
</body></html>
"""


def stories() -> dict[str, list[str]]:
    """Return the paragraphs of each story by its id."""
    rows = (json.loads(line) for line in STORIES.read_text(encoding="utf-8").splitlines())
    return {row["id"]: row["text"].split("\n\n") for row in rows if row["id"] in TITLES}


def fodt(*, columns: int = 1, width: float = 14.8, extras: bool = True, ids: tuple[str, ...] = tuple(TITLES)) -> str:
    """Return the stories under headings; with ``extras`` the first has a footnote, a list and a table."""
    texts, body = stories(), []
    for number, name in enumerate(ids):
        body.append(f'<text:h text:style-name="Heading_20_1" text:outline-level="1">{escape(TITLES[name])}</text:h>')
        paragraphs = [escape(paragraph) for paragraph in texts[name]]
        if extras and not number:
            paragraphs[0] += (
                '<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation>'
                f"<text:note-body><text:p>{FOOTNOTE}</text:p></text:note-body></text:note>"
            )
        body += [f'<text:p text:style-name="Standard">{paragraph}</text:p>' for paragraph in paragraphs]
        if extras and not number:
            items = "".join(f"<text:list-item><text:p>{item}</text:p></text:list-item>" for item in LIST)
            cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
            rows = "".join(f"<table:table-row>{''.join(map(cell.format, row))}</table:table-row>" for row in TABLE)
            columns_ = '<table:table-column table:number-columns-repeated="2"/>'
            body.append(f"<text:list>{items}</text:list><table:table>{columns_}{rows}</table:table>")
    return FODT.format(width=width, columns=columns, head=RUNNING_HEAD, body="".join(body))


def page() -> str:
    """Return the first story as a news site serves it."""
    paragraphs = [f"<p>{escape(paragraph)}</p>" for paragraph in stories()["s001/full"]]
    paragraphs.insert(2, '<div class="ad">Advertisement</div><p><a href="/x">Read more: Council tax to rise</a></p>')
    return PAGE.format(title=TITLES["s001/full"], paper=RUNNING_HEAD, body="\n".join(paragraphs))


def office(source: str, name: str, *steps: str) -> None:
    """Convert ``source`` with LibreOffice, step by step, and keep the last file under ``name``."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "source.fodt")
        file.write_text(source, encoding="utf-8")
        for step in steps:
            home = f"-env:UserInstallation=file://{folder}/home"
            command = ["soffice", home, "--headless", "--convert-to", step, "--outdir", folder, str(file)]
            subprocess.run(command, check=True, capture_output=True)
            file = file.with_suffix("." + step.partition(":")[0])
        shutil.copy(file, HERE / name)


def chromium(page: str, name: str) -> None:
    """Print a page of this folder to PDF with Chromium, its own head and foot lines included."""
    handler = partial(SimpleHTTPRequestHandler, directory=HERE)
    with ThreadingHTTPServer(("localhost", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
        address = f"http://localhost:{server.server_port}/{page}"
        command = ["chromium", *flags, f"--print-to-pdf={HERE / name}", address]
        subprocess.run(command, check=True, capture_output=True)
        server.shutdown()


def main() -> None:
    """Make every file."""
    (HERE / "news.html").write_text(page(), encoding="utf-8")
    chromium("news.html", "news-chromium.pdf")
    office(fodt(), "paper-libreoffice.docx", "odt", "docx")
    office(fodt(), "paper-libreoffice.pdf", "pdf")
    office(fodt(columns=2, width=19, extras=False), "columns-libreoffice.pdf", "pdf")
    office(fodt(), "paper-libreoffice.epub", "epub")


if __name__ == "__main__":
    main()
