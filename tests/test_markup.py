import pytest

from detector.text.normalise import normalise

CODE = "1 code block is not prose and was left out."
FRONT = "The front matter is not prose and was left out."


def marked(text: str) -> tuple[str, list[str], list[str]]:
    result = normalise(text)
    headings = [result.text[start:end] for start, end in result.headings]
    return result.text, headings, [result.text[start:end] for start, end in result.items]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("a **bold** *slanted* word, __two__ _ways_, ~~gone~~", "a bold slanted word, two ways, gone"),
        ("***all*** (*in brackets*) \"*quoted*\" **half**done", 'all (in brackets) "quoted" halfdone'),
        ("**bold over\na line**", "bold over\na line"),
        ("2*3*4 = 24, a * b * c, 5 *", "2*3*4 = 24, a * b * c, 5 *"),
        ("snake_case_name and _private and __x", "snake_case_name and _private and __x"),
        ("*not\n\nclosed*", "*not\n\nclosed*"),
        ("a [link](http://x.org/a_(b)) here", "a link here"),
        ("a [link][ref] here\n\n[ref]: http://x.org 'Title'", "a link here"),
        ("an ![image](pic.png) gone", "an gone"),
        ("[![badge](a.png)](http://x.org) text", "text"),
        ("a note[^1] here", "a note here"),
        ("keep [this] and [1] and f(x)[0]", "keep [this] and [1] and f(x)[0]"),
        ("see <https://x.org/a_b_c> and <me@x.org>", "see <https://x.org/a_b_c> and <me@x.org>"),
        ("run `ls -l` or ``a`b``", "run ls -l or \"a'b\""),
        ("\\*not slanted\\* and C:\\dir", "not slanted and C:\\dir"),
        ("> quoted\n> text\n>> deeper", "quoted\ntext\ndeeper"),
        ("one\n\n---\n\ntwo\n\n* * *\n\nthree\n___", "one\n\ntwo\n\nthree"),
        ("| a | b |\n|---|:-:|\n| 1 | 2 |\nprose", "a b\n1 2\nprose"),
        ("a | b\n--|--\n1 | 2", "a b\n1 2"),
        ("either a | b or c", "either a | b or c"),
    ],
)
def test_inline_marks_and_lines(given: str, expected: str) -> None:
    assert normalise(given).text == expected


@pytest.mark.parametrize(
    ("given", "headings"),
    [
        ("# Title\n\nText.", ["Title"]),
        ("## Title ##\nText.", ["Title"]),
        ("### **Title**\n\nText.", ["Title"]),
        ("## 1. Title\n\nText.", ["Title"]),
        ("Title\n=====\nText.", ["Title"]),
        ("Title\n---\n\nText.", ["Title"]),
        ("**Title**\n\nText.", ["Title"]),
        ("**Title:**\n\nText.", ["Title:"]),
        ("<h2>A <b>title</b></h2><p>Text.</p>", ["A title"]),
        ("**A bold sentence.**\n\nText.", []),
        ("**Bold** start of a line.\n\nText.", []),
        ("#hashtag and #1 place\n\nText.", []),
        ("Text one.\nText two.\n---\n\nText.", []),
        ("# ![image](x)\n\nText.", []),
    ],
)
def test_headings(given: str, headings: list[str]) -> None:
    assert marked(given)[1] == headings


@pytest.mark.parametrize(
    ("given", "text", "items"),
    [
        ("Intro:\n\n- one\n- *two*\n", "Intro:\n\none\ntwo", ["one", "two"]),
        ("* one\n+ two\n• three\n● four", "one\ntwo\nthree\nfour", ["one", "two", "three", "four"]),
        ("1. one\n2) two\n(a) three\nb) four\n(iv) five", "one\ntwo\nthree\nfour\nfive",
         ["one", "two", "three", "four", "five"]),
        ("– one\n– two", "one\ntwo", ["one", "two"]),
        ("- [x] done\n  - nested", "done\nnested", ["done", "nested"]),
        ("> - quoted", "quoted", ["quoted"]),
        ("1. A long first item without any full stop at its end\n2. Two", None,
         ["A long first item without any full stop at its end", "Two"]),
        ("<ul><li>one <b>x</b> y<li>two</ul>text", "one x y\ntwo\ntext", ["one x y", "two"]),
        ("(CNN) Officials said.", "(CNN) Officials said.", []),
        ("1984. That was a year.", "1984. That was a year.", []),
        ("2.5 million people", "2.5 million people", []),
        ("-5 degrees", "-5 degrees", []),
        ("the number of the dead had risen to at least\n12. The second", None, []),
    ],
)  # fmt: skip
def test_items(given: str, text: str | None, items: list[str]) -> None:
    result = marked(given)
    assert text is None or result[0] == text
    assert result[2] == items


@pytest.mark.parametrize(
    ("given", "expected", "notes"),
    [
        ("Text.\n\n```py\nx = 1\n```\n\nMore.", "Text.\n\nMore.", [CODE]),
        ("A.\n~~~\nx\n~~~\nB.\n```\ny\n```\nC.", "A.\n\nB.\n\nC.",
         ["2 code blocks are not prose and were left out."]),
        ("A.\n````\n```\nx\n```\n````\nB.", "A.\n\nB.", [CODE]),
        ("```markdown\n# T\n\nProse.\n```", "T\n\nProse.", []),
        ("```\nThe whole text stands in a fence.\n```", "The whole text stands in a fence.", []),
        ("Never closed.\n```\nProse goes on.", "Never closed.\n\nProse goes on.", []),
        ("# T\n\nText.\n\n    x = 1\n    y = 2\n\nMore.", "T\n\nText.\n\nMore.", [CODE]),
        ("Text.\n\n    An indented letter.\n\nMore.", "Text.\n\nAn indented letter.\n\nMore.", []),
        ("---\ntitle: T\ntags:\n  - a\n---\nText.", "Text.", [FRONT]),
        ("+++\ntitle = 'T'\n+++\nText.", "Text.", [FRONT]),
        ("---\nNot a key, but prose.\n---\nText.", None, []),
        ("<script>var x;</script>A<style>p{}</style>", "A", ["2 scripts or style sheets were left out."]),
        ("A <!-- hidden --> B", "A B", ["1 comment was left out."]),
        ("A <!-- never closed", "A <!-- never closed", []),
        ("<p>A</p><pre>x = 1</pre><p>B</p>", "A\n\nB", [CODE]),
        ("A ![x](y) B <img src='z'> C", "A B C", ["2 images were left out."]),
    ],
)  # fmt: skip
def test_what_is_no_prose_is_left_out_and_said(given: str, expected: str | None, notes: list[str]) -> None:
    result = normalise(given)
    assert expected is None or result.text == expected
    assert list(result.notes) == notes


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("<p>One</p><p>Two<br>three</p>", "One\n\nTwo\nthree"),
        ("<div class=\"a\">A &amp; B</div>", "A & B"),
        ("AT&amp;T &#8220;x&#8221; &hellip; &nbsp; &#x27;y&#x27; &#150;", "AT&T \"x\" ... 'y' —"),
        ("&amp;amp;lt;b&amp;gt; twice", "twice"),
        ("R&D; &unknown; AT&T", "R&D; &unknown; AT&T"),
        ("a < b and c > d, <3", "a < b and c > d, <3"),
        ("<Four Seasons Hotels> said <MHS>", "<Four Seasons Hotels> said <MHS>"),
        ("<think>hm</think> yes", "hm yes"),
        ("<!DOCTYPE html><html><body><p>One\nline</p></body></html>", "One line"),
        ("un<b>broken</b> word", "unbroken word"),
    ],
)
def test_html(given: str, expected: str) -> None:
    assert normalise(given).text == expected


def test_spans_of_marked_up_text_quote_the_words_as_given() -> None:
    given = "# The *Plan*\n\nIt costs **3.5 million**, says [the mayor](x.org).\n\n- first &amp; last\n"
    result = normalise(given)
    for words, source in [("3.5 million", "3.5 million"), ("first & last", "first &amp; last")]:
        start = result.text.index(words)
        assert given[slice(*result.to_given(start, start + len(words)))] == source
    assert given[slice(*result.to_given(*result.headings[0]))] == "The *Plan"
    assert given[slice(*result.to_given(*result.items[0]))] == "first &amp; last"
