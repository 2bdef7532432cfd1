import time
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.text import unicode
from detector.text.normalise import Normalised, normalise
from detector.training.unicode_tables import folds

CLEAN = (
    "The council's plan -- \"a small step\", said Ms Okafor -- costs 3.5 million.\n\n"
    "It runs from 2010-2020 and has 12 parts. Nobody asked why."
)
PIECES = [
    "**", "__", "~~", "```", "---", "+++", "- ", "1. ", "(a) ", "> ", "# ", "&amp;", "&lt;", "&gt;", "&#42;",
    "<p>", "</p>", "<b>", "<!--", "-->", "<script>", "</script>", "<h1>", "</h1>", "[a](b)", "![a](b)",
    "[^1]", "[r]: x", "|a|b|", "|-|-|", "\n\n", "\n    x", "key: v", "--", "''", "``", "\r\n", "<li>",
    "<html>",
    "word", "the end.", "e\u0301", "<pre>", "</pre>", "раса", "Жук", "\u200b", "\u00ad", "\u2026", "\ufb01",
]  # fmt: skip
ALPHABET = "ab1 . \n\t*_~`#[](){}<>|&\\=+-:!'\"/;“’—–…ﬁ\u200b\u00ad\u0301eéаоЖ\r\x00\ud800•😀\x93"
texts = st.one_of(
    st.text(st.characters()),
    st.text(st.characters(categories=["Cs", "Cc", "Cf", "Mn", "Lu", "Zs", "Pd"])),
    st.text(ALPHABET),
    st.lists(st.one_of(st.sampled_from(PIECES), st.sampled_from(ALPHABET))).map("".join),
)


def maps(result: Normalised) -> tuple[np.ndarray, np.ndarray]:
    origin = np.arange(len(result.text)) if result.origin is None else result.origin
    return origin, origin + 1 if result.ends is None else result.ends


@settings(max_examples=400, deadline=None)
@given(texts)
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text).text
    assert normalise(once).text == once


@settings(max_examples=400, deadline=None)
@given(texts)
def test_map_is_monotone_within_bounds_and_one_entry_per_character(text: str) -> None:
    result = normalise(text)
    origin, ends = maps(result)
    assert len(origin) == len(ends) == len(result.text)
    assert (np.diff(origin) >= 0).all()
    assert (np.diff(ends) >= 0).all()
    assert (origin < ends).all()
    if len(origin):
        assert origin[0] >= 0
        assert ends[-1] <= len(text)
    if result.origin is None:
        assert len(result.text) == len(text)


@settings(max_examples=400, deadline=None)
@given(texts, st.data())
def test_spans_come_back_from_the_given_text(text: str, data: st.DataObject) -> None:
    result = normalise(text)
    origin, _ = maps(result)
    start = data.draw(st.integers(0, len(result.text)))
    end = data.draw(st.integers(start, len(result.text)))
    first, last = result.to_given(start, end)
    assert 0 <= first <= last <= len(text)
    back = result.from_given(first, last)
    # A span that cuts the characters of one expanded character ("..." for "…") grows to hold all of them.
    while 0 < start < end and origin[start - 1] == origin[start]:
        start -= 1
    while start < end < len(origin) and origin[end - 1] == origin[end]:
        end += 1
    if start < end:
        assert back == (start, end)


@settings(max_examples=400, deadline=None)
@given(texts)
def test_a_kept_character_stands_where_it_stood(text: str) -> None:
    result = normalise(text)
    origin, ends = maps(result)
    for i, c in enumerate(result.text):
        if c.isascii() and c.isalnum() and ends[i] - origin[i] == 1:
            folded = unicodedata.normalize("NFKC", text[origin[i]])
            assert c in folded or unicode.LOOKALIKES.get(folded) == c


@settings(max_examples=300, deadline=None)
@given(texts)
def test_headings_and_items_are_lines_of_the_text(text: str) -> None:
    result = normalise(text)
    for start, end in result.headings + result.items:
        assert 0 <= start < end <= len(result.text)
        assert "\n" not in result.text[start:end]
        assert end == len(result.text) or result.text[end] == "\n"
    for start, _ in result.headings:
        assert start == 0 or result.text[start - 1] == "\n"


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(categories=["Ll", "Lu", "Zs", "Cf"])))
def test_every_hidden_character_is_removed_and_counted(text: str) -> None:
    result = normalise(text)
    hidden = [c for c in text if ord(c) in unicode.HIDDEN]
    assert not [c for c in result.text if ord(c) in unicode.HIDDEN]
    counted = [note for note in result.notes if "hidden character" in note]
    emoji = any(c in "\ufe0f\u200d" for c in hidden)  # these may only shape a pictograph
    assert emoji or [int(note.split()[0]) for note in counted] == ([len(hidden)] if hidden else [])


@settings(max_examples=300, deadline=None)
@given(texts)
def test_the_text_is_tidy(text: str) -> None:
    tidy = normalise(text).text
    assert tidy == tidy.strip(" \n")
    assert not {"\t", "\r", "\x00", "\u00a0", "“", "’", "…", "–", "\u2028"} & set(tidy)
    for untidy in ("  ", " \n", "\n ", "\n\n\n"):
        assert untidy not in tidy


def test_plain_text_is_left_alone() -> None:
    text = "A plain paragraph, with 3 - 2 = 1 and snake_case.\n\nAnother: 2*3 * 4 (see A. Smith)."
    assert normalise(text) == Normalised(text, text, None, (), (), ())


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("“Yes” and ‘no’, «oui» ‹non› „ja“ it’s", "\"Yes\" and 'no', \"oui\" 'non' \"ja\" it's"),
        ("a—b a ― b a – b", "a—b a — b a — b"),
        ("2010–2020, Obama–Biden, co‑op, −5", "2010-2020, Obama-Biden, co-op, -5"),
        ("a -- b, a--b, he said--", "a — b, a—b, he said--"),
        ("run it with --jobs 2", "run it with --jobs 2"),
        ("a\u00a0b\u2009c\u3000d\te", "a b c d e"),
        ("a\r\nb\rc\u2028d\u0085e", "a\nb\nc\nd\ne"),
        ("ＦＵＬＬ １２３", "FULL 123"),
        ("𝐛𝐨𝐥𝐝 𝒾𝓉 𝟙", "bold it 1"),
        ("x² ½ 1ª ① H₂O", "x² ½ 1ª ① H₂O"),
        ("wait… ﬁne ﬂow eﬀort", "wait... fine flow effort"),
        ("cafe\u0301 nai\u0308ve", "café naïve"),
        ("a\x00b\x07c", "a b c"),
        ("a\ud800b", "a b"),
        ("\x93cp1252\x94 it\x92s", "\"cp1252\" it's"),
        ("``quoted'' here", '"quoted" here'),
        ("  two  blanks \n\n\n\n and   lines \n", "two blanks\n\nand lines"),
        ("", ""),
        (" \n\t\n ", ""),
        ("😀 fine ❤️", "😀 fine ❤"),
    ],
)
def test_folds(given_text: str, expected: str) -> None:
    assert normalise(given_text).text == expected


def test_expansions_and_compositions_map_to_the_characters_they_stand_for() -> None:
    result = normalise("so… cafe\u0301!")
    assert result.text == "so... café!"
    assert result.to_given(2, 5) == (2, 3)
    assert result.to_given(2, 3) == (2, 3)
    assert result.to_given(9, 10) == (7, 9)
    assert result.from_given(2, 3) == (2, 5)
    entity = normalise("A &ldquo;word&rdquo; here")
    start = entity.text.index('"word"')
    assert entity.given[slice(*entity.to_given(start, start + 6))] == "&ldquo;word&rdquo;"


def test_empty_spans_stay_empty() -> None:
    result = normalise("  a  b ")
    assert [result.to_given(i, i) for i in range(4)] == [(2, 2), (4, 4), (5, 5), (7, 7)]


LATIN = "The people of the town asked for a copy of the report, and nobody spoke at the scope of it."


@pytest.mark.parametrize(
    "text",
    [
        "Он сказал, что это очень важно для всех нас.",
        "Οι κάτοικοι ζήτησαν ένα αντίγραφο της έκθεσης.",
        LATIN + " Жуков said no.",
        LATIN + " He said «с другом» and left.".replace("«", '"').replace("»", '"'),
        LATIN + " TNFα and IFNγ and μg.",
    ],
)
def test_other_scripts_are_left_alone(text: str) -> None:
    result = normalise(text)
    assert result.text == text
    assert not result.notes


def test_lookalikes_are_read_as_latin_and_said() -> None:
    forged = LATIN.replace("people", "реорlе").replace(" a ", " а ")
    result = normalise(forged)
    assert result.text == LATIN
    assert result.origin is None
    assert result.notes == ("6 letters that only look Latin were read as Latin.",)


def lookalikes(text: str) -> str:
    table = {latin: other for other, latin in unicode.LOOKALIKES.items() if "а" <= other <= "ѵ"}
    return "".join(table.get(c, c) if i % 3 else c for i, c in enumerate(text))


ATTACKS = {
    "homoglyphs": lookalikes,
    "zero width": "\u200b".join,
    "zero width in words": lambda t: t.replace("e", "e\u200d"),
    "soft hyphens": lambda t: t.replace("ll", "l\u00adl").replace("st", "s\u00adt"),
    "byte order mark": lambda t: "\ufeff" + t,
    "direction marks": lambda t: "\u202a" + t + "\u202c",
    "curly quotes": lambda t: t.replace(' "', " “").replace('"', "”").replace("'", "’"),
    "long dashes": lambda t: t.replace("--", "—"),
    "en dashes": lambda t: t.replace("--", "–").replace("2010-", "2010–"),
    "carriage returns": lambda t: t.replace("\n", "\r\n"),
    "doubled blanks": lambda t: t.replace(" ", "  "),
    "no-break blanks": lambda t: t.replace(" ", "\u00a0"),
    "trailing blanks": lambda t: t.replace("\n", "  \n"),
    "more empty lines": lambda t: t.replace("\n\n", "\n\n \n\n"),
    "bold": lambda t: t.replace("council's", "**council's**").replace("3.5 million", "**3.5 million**"),
    "italics": lambda t: t.replace("small", "*small*").replace("12 parts", "_12 parts_"),
    "nested emphasis": lambda t: t.replace("Nobody asked why", "**Nobody *asked* why**"),
    "tags": lambda t: t.replace("council", "<b>council</b>").replace("12", "<span class='x'>12</span>"),
    "entities": lambda t: t.replace('"', "&quot;").replace("'", "&#8217;"),
    "full width": lambda t: t.replace("council", "ｃｏｕｎｃｉｌ"),
    "mathematical letters": lambda t: t.replace("Nobody", "𝗡𝗼𝗯𝗼𝗱𝘆"),
    "variation selectors": lambda t: t.replace("o", "o\ufe01"),
    "tag characters": lambda t: t + "".join(chr(0xE0000 + ord(c)) for c in "ignore this"),
    "quoted": lambda t: "> " + t.replace("\n", "\n> "),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_disguises_come_off(attack: str) -> None:
    disguised = ATTACKS[attack](CLEAN)
    assert disguised != CLEAN
    assert normalise(disguised).text == normalise(CLEAN).text


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("a\u200bb\u200bc\u200b", ("3 hidden characters (zero-width space) were removed.",)),
        ("a\u00adb", ("1 hidden character (soft hyphen) was removed.",)),
        ("a\u00adb\u200b", ("2 hidden characters (soft hyphen: 1, zero-width space: 1) were removed.",)),
        ("a\x00b", ("1 control or invalid character was read as a blank.",)),
        ("fine ❤️ and 👩\u200d👩", ()),
        ("“fine” — …", ()),
    ],
)
def test_notes(text: str, notes: tuple[str, ...]) -> None:
    assert normalise(text).notes == notes


def test_table_is_closed_under_itself() -> None:
    everything = "".join(map(chr, range(0x110000)))
    folded = unicode.fold(everything)
    assert not folded.edits or all(len(new) != 1 for _, _, new in folded.edits)
    again = unicode.fold(unicode.text_of(folded.codes[folded.codes > 8]))
    assert np.array_equal(again.codes, folded.codes[folded.codes > 8])


def test_shipped_table_is_what_its_generator_writes() -> None:
    wanted = folds()  # a newer Unicode may know more characters; what was decomposed once stays so
    with np.load(Path(unicode.__file__).parent / "unicode.npz") as shipped:
        assert shipped["source"].size > 2_900
        for source, target in zip(shipped["source"].tolist(), shipped["target"].tolist(), strict=True):
            assert wanted[source] == target


@pytest.mark.parametrize(
    "text",
    [
        *(c * 1_000_000 for c in "<*[`&_\\>-|#~'(\n \x00\u200b\u0301"),
        "<b>" * 100_000 + "x" + "</b>" * 100_000,
        "<div>" * 100_000,
        "<" * 100_000 + "b>" * 100_000,
        "<!--" * 250_000,
        "<script>" * 100_000,
        "[a](" * 250_000,
        "[" * 50_000 + "a" + "](x)" * 50_000,
        "&" + "amp;" * 250_000,
        "*a " * 300_000,
        "> " * 300_000,
        "1. x\n- y\n" * 20_000,
        "# a\n\n" + "    x\n\ny\n\n" * 50_000,
        "".join("\n" + "`" * (3 + i % 400) for i in range(5_000)),
    ],
    ids=lambda text: repr(text[:12]),
)
def test_hostile_megabytes_take_linear_time(text: str) -> None:
    start = time.process_time()
    result = normalise(text)
    assert time.process_time() - start < 5
    assert normalise(result.text).text == result.text
