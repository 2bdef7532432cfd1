import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.features import language
from detector.features.background import Background
from detector.features.language import Signs, is_english, signs, verdict, votes
from detector.features.view import View, look
from detector.lexicon import entries
from detector.text.document import read
from detector.text.normalise import normalise
from detector.training.background import train_background

ROOT = Path(__file__).parent.parent
CASES = [
    json.loads(line)
    for name in ("languages_a", "languages_b")
    for line in (ROOT / "tests" / "cases" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
]
STORIES = [
    json.loads(line)["text"]
    for line in (ROOT / "data" / "stories" / "stories.jsonl").read_text(encoding="utf-8").splitlines()
]
NON_LATIN = ("ru", "zh")


@pytest.fixture(scope="session")
def background() -> Background:
    """Every other story: far fewer words than the shipped model knows, and half of the stories unseen."""
    return train_background(STORIES[::2], seed=0)


def view_of(text: str, background: Background) -> View:
    return look(read(normalise(text)), background)


def english(text: str, background: Background) -> bool:
    return all(is_english(view_of(text, background)))


def first_words(text: str, count: int) -> str:
    return " ".join(text.split()[:count])


def test_texts_in_other_languages_are_not_english(background: Background) -> None:
    wrong = [case["id"] for case in CASES if english(case["text"], background)]
    assert len(CASES) >= 500
    assert len({case["language"] for case in CASES}) >= 15
    assert len(wrong) <= 0.01 * len(CASES), wrong
    by_language = Counter(id.split("/")[0] for id in wrong)
    assert max(by_language.values(), default=0) <= 1, wrong


def test_twenty_words_are_mostly_enough(background: Background) -> None:
    wrong = defaultdict(list)
    for case in CASES:
        if english(first_words(case["text"], 20), background):
            wrong[case["language"]].append(case["id"])
    assert sum(map(len, wrong.values())) <= 0.04 * len(CASES), dict(wrong)
    assert not any(wrong[name] for name in NON_LATIN)


def test_english_stories_are_english_whole_and_cut(background: Background) -> None:
    for text in STORIES:
        for count in (10, 30, 60, 10_000):
            assert english(first_words(text, count), background), first_words(text, count)


def test_english_stories_are_english_in_capitals_and_in_lower_case(background: Background) -> None:
    for text in STORIES[::5]:
        assert english(text.upper(), background)
        assert english(text.lower(), background)


@pytest.mark.parametrize(
    "text",
    [
        # a learner's essay, misspelt
        "I thinck that technologie is gud becouse studens can lern alot of tings wit there fones and "
        "comunicate wit pepole in diferent contrys, but somtimes they dont pay atenshion in clas.",
        # news full of names
        "Xhaka fed Saka, who found Martinelli; Zinchenko and Ødegaard watched as Szczęsny saved from "
        "Nketiah. Allegri replaced Vlahović with Kostić, and Danilo fouled Trossard in the 87th minute.",
        # a recipe's list
        "Ingredients\n\n- 200 g spaghetti\n- 100 g guanciale\n- 2 egg yolks\n- 50 g pecorino romano"
        "\n- black pepper\n\nMethod\n\nBoil the pasta. Fry the guanciale. Mix yolks and pecorino. Toss.",
        # legal
        "WHEREAS, the Lessor, a société anonyme duly organised under the laws of Luxembourg, hereby demises "
        "unto the Lessee the premises, mutatis mutandis, inter alia, and in consideration of the rent.",
        # verse of the seventeenth century
        "Hence, loathed Melancholy,\nOf Cerberus and blackest Midnight born,\nIn Stygian cave forlorn,\n"
        "'Mongst horrid shapes, and shrieks, and sights unholy!",
        # an old spelling
        "But yf ye wolde beleue my wordes, ye shulde se how that olde knyght rode vnto the castel, and there "
        "he founde a ladye sore wepynge.",
        # English with Spanish in it
        "My abuela always said “mañana será otro día”, and she was right: the bakery on Calle de la Luna "
        "opened again the next morning, and the smell of pan dulce filled the whole street.",
        # English with Chinese in it
        "The character 家 means both home and family, and 国家 is a country: a home for everyone in it.",
        # headings alone
        "Overview\n\nInstallation\n\nQuickstart\n\nTroubleshooting\n\nChangelog",
        "Quarterly Results\n\nRegional Breakdown\n\nOutlook",
        # a programme of names
        "Tchaikovsky\nRachmaninoff\nSzymanowski\nJanáček\nDvořák",
        "Hello",
        "Zyzzyva",
        "3.14 2,000 42%",
        "!!! ... ???",
        "",
        " \n\t ",
        "\x00\ud800\U0001f600",
    ],
)
def test_english_of_every_sort_is_english(text: str, background: Background) -> None:
    assert english(text, background), signs(view_of(text, background))


@pytest.mark.parametrize(
    "text",
    [
        "你好",
        "这份报告说明了问题。",
        "Привет",
        "ДОБРОЕ УТРО",
        "今日は天気がいいですね。",
        "안녕하세요",
        "مرحبا بالعالم",
        "שלום עולם",
        "नमस्ते दुनिया",
        "Καλημέρα κόσμε",
        "Das ist nicht gut.",
        "Je ne sais pas.",
        "DER ZUG NACH KÖLN HAT HEUTE EINE STUNDE VERSPÄTUNG, UND NIEMAND WEISS, WARUM.",
        # languages without a list
        "Hallitus päätti eilen uudesta rahoituksesta, jonka tarkoituksena on parantaa maaseudun tieverkkoa. "
        "Työt alkavat ensi keväänä.",
        "A kormány tegnap döntött arról az új támogatásról, amelynek célja a vidéki úthálózat fejlesztése. "
        "Tavasszal kezdik meg az első szakasz felújítását, ősszel pedig megnyitják két hidat.",
        "Vláda včera rozhodla o novém financování, jehož cílem je zlepšit silniční síť na venkově.",
        "Serikali iliamua jana kuhusu ufadhili mpya unaolenga kuboresha mtandao wa barabara vijijini.",
        "Chính phủ hôm qua đã quyết định khoản tài trợ mới nhằm cải thiện mạng lưới đường bộ nông thôn.",
        "Gallia est omnis divisa in partes tres, quarum unam incolunt Belgae, aliam Aquitani, tertiam qui "
        "ipsorum lingua Celtae, nostra Galli appellantur.",
        # loans and quotations of English
        "Das Meeting mit dem Sales Team war ein Desaster: Der Account Manager hatte das Briefing "
        "nicht gelesen.",
        "Auf dem Schild stand „Keep off the grass“, aber die Kinder haben sich nicht darum gekümmert, und "
        "ihre Eltern auch nicht.",
    ],
)
def test_other_languages_are_not_english(text: str, background: Background) -> None:
    assert not english(text, background), signs(view_of(text, background))


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(st.characters()),
        st.text(st.characters(categories=["Cs", "Cc", "Lo", "Mn", "Lu", "Nd"])),
        st.lists(st.sampled_from(["the", "und", "家", "xqz", "12", "é", ".", "\n\n", "# "])).map(" ".join),
    )
)
def test_any_text_has_an_answer_and_shares_between_0_and_1(background: Background, text: str) -> None:
    view = view_of(text, background)
    (found,) = signs(view)
    assert is_english(view) == [verdict(found)]
    assert 0 <= found.latin <= 1
    shares = (found.english, found.other, found.known, found.unknown)
    assert min(shares) >= 0
    assert sum(shares) == pytest.approx(1 if found.words else 0)


def test_every_word_is_counted_once_and_numbers_are_not(background: Background) -> None:
    (found,) = signs(view_of("The door und qqxyzz 1,250 домик.", background))
    assert found.words == 5
    assert (found.english, found.other, found.known, found.unknown) == (0.2, 0.2, 0.2, 0.4)
    assert found.latin == pytest.approx(16 / 21)


@pytest.mark.parametrize(
    ("text", "share"),
    [("abc", 1), ("", 1), ("12 – 3 €", 1), ("é", 1), ("aя", 0.5), ("a家ひ漢", 0.25), ("ẞß", 1), ("😀a", 1)],
)
def test_share_of_latin_letters(text: str, share: float, background: Background) -> None:
    assert signs(view_of(text, background))[0].latin == share


def test_votes_rise_with_english_words_and_fall_with_others() -> None:
    base = Signs(words=100, english=0.2, other=0.1, known=0.5, unknown=0.2, latin=1.0)
    assert votes(base) == pytest.approx(0.0)
    assert votes(Signs(100, 0.3, 0.1, 0.4, 0.2, 1.0)) > votes(base)
    assert votes(Signs(100, 0.2, 0.2, 0.4, 0.2, 1.0)) < votes(base)
    assert votes(Signs(100, 0.2, 0.1, 0.4, 0.3, 1.0)) < votes(base)


def test_the_credit_covers_eight_unknown_words_and_one_listed_word() -> None:
    assert verdict(Signs(8, 0.0, 0.0, 0.0, 1.0, 1.0))
    assert not verdict(Signs(9, 0.0, 0.0, 0.0, 1.0, 1.0))
    assert verdict(Signs(1, 0.0, 1.0, 0.0, 0.0, 1.0))
    assert not verdict(Signs(2, 0.0, 1.0, 0.0, 0.0, 1.0))


def test_listed_words_are_single_distinct_and_not_english() -> None:
    function_words = set(entries("function_words"))
    for name, listed in language._LISTED.items():
        words = listed.split()
        assert len(words) == len(set(words)) >= 30, name
        assert not function_words & set(words), name
        for word in words:
            document = read(normalise(word))
            assert document.is_word.tolist() == [True], word


def test_every_listed_word_is_found(background: Background) -> None:
    for listed in language._LISTED.values():
        assert signs(view_of(listed, background))[0].other == 1.0
