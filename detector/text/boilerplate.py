"""Boilerplate by rule: navigation, credits, notices, what a language model says around a text."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

import numpy as np

from detector.text.document import Document, Flags, hash_words
from detector.text.lookup import Lookup

LONGEST = 30  # words of a sentence that can be boilerplate
LONGEST_TRIED = 400  # characters tried against a pattern: no pattern is slow on a hostile "word" of a megabyte

# Most articles have no boilerplate, and a pattern costs more than all the rest of the rule. So a sentence is tried
# against a pattern only where it can hit: one of OPENINGS if its first word can begin it, _MARKED if it begins with
# a mark, _LINE if it is a short line of its own without a full stop, _ANYWHERE if it has one of the telling words.
# Where a credit or a time stamp has run together with a sentence of the article, the whole stays prose.
_NAMES = r"(?-i:[A-Z])[\w.'-]*(?:[\s,]+(?:and\s)?(?-i:[A-Z])[\w.'-]*){0,5}[\s,]*"
_WORK = r"(?:article|passage|story|essay|text|post|piece|paragraph|version|draft|poem|continuation)"
_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_NETWORK = (
    r"(?:share|tweet|facebook|twitter|pinterest|linkedin|e-?mail|print|whatsapp|reddit|instagram|youtube|tumblr|rss"
    r"|copy\slink|telegram|threads|bluesky|messenger|flipboard)"
)
OPENINGS = (  # the first words that can begin a pattern, and the pattern
    (
        "by written posted photo photos photograph photographs image source via",
        rf"(?:by|written\sby|posted\sby|photo(?:graph)?s?\s(?:by|courtesy)|image\s(?:credit|source|via)|source"
        rf"|via)\b[:\s]+"
        rf"{_NAMES}$",
    ),
    (
        "share tweet print email comment comments advertisement sponsored related tag tags categories filed read "
        "see next "
        "previous menu search home log sign subscribe skip",
        r"(?:share|tweet|print|email|comments?|advertisement|sponsored|related|tags?|categories|filed\sunder|read\smore"
        r"|see\salso|next|previous|menu|search|home|log\sin|sign\s(?:in|up)|subscribe|skip\sto)\b.{0,25}(?<![.!?])$",
    ),
    # Where to go next.
    ("you", r"you\s(?:may|might)\salso\s(?:like|enjoy|be\sinterested)|you\scan\sunsubscribe"),
    (
        "more related see read also don't recommended trending watch photo photos pictures gallery slideshow full in "
        "editor's up listen",
        r"(?:more|related|see\salso|read\s(?:more|also|next|on)|also\sread|don't\smiss|recommended|trending"
        r"|watch(?:\snow)?|photos?|pictures|gallery|slideshow|full\scoverage|in\spictures|editor's\spicks?|up\snext|listen)"
        r"\s?:\s?(?-i:[A-Z0-9\"'\[]).{0,120}$",
    ),
    ("related", r"related\s(?:stories|articles|posts|content|photos?|links)\b"),
    ("more", r"more\s(?:from|on|in|by)\s[^.,]{2,60}(?:$|:)|more\s(?:stories|articles|posts|reviews|videos)\b[^.!?]*$"),
    ("click", r"click\s(?:here|(?:on\s)?(?:the|this)\s(?:link|image|photo))\b"),
    (
        "continue scroll back jump",
        r"continue\sreading|scroll\s(?:down|for)|back\sto\stop\b|jump\s(?:up\sto\b|to\s(?:content|main))",
    ),
    ("story article", r"(?:story|article)\scontinue[sd]\b"),
    (
        "view see show load",
        r"(?:view|see|show|load)\s(?:more|all)\b.{0,30}(?:comments?|photos?|gallery|stories|articles|posts|$)",
    ),
    (
        "play replay media image just must",
        r"play\s(?:video|audio)\b|replay\s(?:more\s)?video|media\s(?:playback|caption)\b[^.]*$"
        r"|image\s(?:copyright|caption)\b[^.]*$|image\s\d|(?:just|must)\swatch(?:ed)?\b",
    ),
    ("photo video embed advertisement caption", r"(?:photo|video|embed|advertisement|caption)\b[^.!?]{0,120}$"),
    ("hide toggle enlarge", r"(?:hide|toggle)\scaption|enlarge\sthis"),
    # What the reader is asked to do.
    (
        "leave share tell post drop",
        r"leave\sa\s(?:comment|reply)|(?:share|tell\sus|post|leave|drop)\s(?:us\s)?(?:your|a)\s.{0,20}"
        r"\b(?:thoughts?|opinions?|views?|comments?)\b.{0,40}\b(?:below|comments?|section|with\sus)\b",
    ),
    (
        "let please",
        r"(?:please\s)?let\s(?:me|us)\sknow\s(?:if\syou|your\s|what\syou\sthink|below|in\sthe\scomments?)"
        r"|let\sus\sknow\b[^,]{0,40}[.!]$",
    ),
    (
        "follow",
        r"follow\s(?:(?:us|me|him|her|them|along)\b.{0,15}\bon|@\w|.{2,40}\son\s(?:twitter|facebook|instagram|x\b))",
    ),
    (
        "check download get join subscribe sign register log",
        r"(?:check\sout|download|get)\s(?:our|the)\b.{0,30}\b(?:app|newsletter)\b"
        r"|get\s(?:push|email)\s(?:notifications|alerts)|join\sour\s(?:e?-?mail|mailing|newsletter|list)"
        r"|subscribe\sto\sour\b"
        r"|(?:sign\sup|subscribe)\s(?:here|now|today|below|for\sfree)\b|(?:register|log\sin)\s(?:here|now|today)[.!]?$",
    ),
    (
        "want get have like love enjoy enjoyed got looking",
        r"(?:want|get|have|like|love|enjoy(?:ed)?|got)\b.{0,45}\b(?:newsletter|alerts?|inbox"
        r"|this\s(?:story|article|post)|stories\slike)\b[^.]{0,60}[?]$|(?:have|got)\sa\s(?:\S+\s){0,2}(?:tip|story"
        r"|scoop)\b[^.]{0,40}[?]$"
        r"|(?:want|looking\sfor)\smore\b.{0,40}[?]$|want\sto\sadvertise\b",
    ),
    ("have got need", r"(?:have|got|need)\s(?:an?\s|any\s)?(?:feedback|questions?|advice|comments?)[?]$"),
    (
        "see watch check read",
        r"(?:watch|check\sout|(?:see|read)\b[^.,]{0,50}\b(?:tweets?|videos?|photos?|pictures|gallery|clip|trailer|post|story))\b"
        r"[^.,]{0,60}\bbelow\b[.!:]?$",
    ),
    ("read learn", r"(?:read|learn)\smore\s(?:about|on|at|from|in|here)\b"),
    ("stay", r"stay\stuned[!.]$"),
    ("email e-mail", r"e-?mail(?:\sus)?(?:\sat)?\s\S+@"),
    ("share", r"share\sthis\s(?:article|story|post|page)"),
    ("x000d", r"x000d_?$"),
    ("don't", r"don't\smiss\sa\s(?:beat|story|thing|post)"),
    # What the publisher says about the page.
    (
        "this the",
        r"(?:this|the)\s(?:article|story|post|piece|column|essay)\s(?:(?:was|has\sbeen)\s)?(?:originally|first|also)\s"
        r"(?:published|appeared|posted|ran|printed)|this\s(?:article|story|post|piece)\s(?:has\sbeen"
        r"|was)\s(?:updated|corrected|republished"
        r"|syndicated)|this\s(?:article\s(?:was\soriginally|first)|(?:site|website)\suses\scookies)",
    ),
    ("note about please", r"note:\sthis|(?:please\s)?note\sthat\sthis\s.{0,40}\bfiction|about\sthe\sauthors?\b"),
    ("editor's editors editors'", r"editors?'?s?\snote\b"),
    ("update updated last most", r"(?:last\s|most\srecent\s)?updated?:?\s(?:(?:at|on)\s)?.{0,15}\d.{0,25}$"),
    (
        "published posted first updated last",
        rf"(?:(?:first\s)?published|posted|last\s(?:updated|modified)|updated)\b:?\s(?:on\s|at\s)?"
        rf"(?:\d|{_DAY}\b|{_MONTH}\s\d).{{0,45}}(?<![.!?])$",
    ),
    ("all", r"all\scontents?\s(?:©|copyright)"),
    (
        "we accept javascript please enable your",
        r"we\s(?:and\sour\spartners\s)?use\scookies|accept\s(?:all\s)?cookies|javascript\s(?:is|must)"
        r"|(?:please\s)?enable\s(?:javascript|cookies|it\sin\syour\sbrowser)|your\sbrowser\s(?:is|does)",
    ),
    ("cancel unsubscribe", r"(?:cancel|unsubscribe)\b.{0,25}\bany\s?time\b"),
    (
        "read",
        r"read\sor\sshare\sthis|read\s(?:the|our)\s(?:full\s)?(?:transcript|story|article|report)\s(?:here|below)\b",
    ),
    ("retrieved", r"retrieved\s(?:on\s)?(?:\d|(?-i:[A-Z])\w+\s\d)"),
    ("word", r"word\scount\s?:"),
    (
        "ad close transcript staff opinion",
        r"(?:ad|close|transcript|opinion\scontributor|staff\s(?:writer|reports?|reporter))$",
    ),
    # Letters that a form begins and ends with.
    ("dear", r"dear\b[^.!?]{1,60},$|dear\s(?:sir|madam|editor|reader|principal)s?\b.{0,30}[,:]?$"),
    (
        "yours sincerely best kind warm warmest regards",
        r"(?:yours\s(?:sincerely|truly|faithfully)|sincerely(?:\syours)?"
        rf"|(?:(?:best|kind|warm(?:est)?)\s)?(?:regards|wishes)),(?:\s{_NAMES}|\s\[.*\])?$",
    ),
    # What a language model says around the text it was asked for, and what it was asked.
    ("as", r"as\san?\s(?:ai|(?:ai\s|large\s)?language\smodel)\b"),
    (
        "i'm im i hopefully",
        r"i'?m\s(?:sorry|just),?\s(?:but\s(?:as|i)\b|an\sai\b)|i\scan(?:no|'|\sno)t\s(?:fulfill?|satisfy"
        r"|comply\swith)\s"
        r"(?:your|this|that)\b|(?:i\shope|hopefully,?)\s(?:this|that)\s(?:helps|fits|captures|is\swhat\syou"
        r"|information\shelps)\b",
    ),
    (
        "sure certainly absolutely ok okay of",
        r"(?:sure|certainly)!?,?\shere\b|(?:ok(?:ay)?|absolutely|of\scourse)[!,]+\shere(?:'s|\s(?:is|are))\s"
        r"(?:the|a|an|your|some)\b|(?:sure|certainly|absolutely)!$|sure,\si(?:'d|\swould)\sbe\s(?:happy|glad)",
    ),
    ("great good excellent", r"(?:great|good|excellent)\s(?:question|choice)!$"),
    (
        "here here's",
        rf"here(?:'s|\sis)\s(?:the|a|an|your|my)\s(?:\w+\s){{0,2}}(?:rewritten|revised|paraphrased|rephrased"
        rf"|{_WORK})\b.{{0,90}}:$",
    ),
    (
        "rewrite paraphrase rephrase write please",
        rf"(?:please\s)?(?:(?:help\sme\s)?(?:rewrite|paraphrase|rephrase)\s(?:the|this)\b"
        rf"|write\san?\s(?:news\s)?{_WORK}\s(?:about|based\son)\s)|please\sparaphrase\b",
    ),
    ("do", r"do\snot\s(?:generate|use)\sany\s(?:other\s)?words?\b"),
    (
        "given you",
        r"given\s(?:a|the)\s\S+,\splease\b|you\sare\san?\s(?:\w+\s)?(?:journalist|assistant|editor|writer|reporter"
        r"|expert)\.$",
    ),
    ("and", r"and\shere\s(?:is|are)\b.{0,60}\brequested\b"),
)
_MARKED = r"""
    \W*\b(?:reuters|ap|afp|upi|cnn|getty|bbc|npr)\W{0,3}$
    | [(\[]\s?(?:[\w']+\s){0,3}(?:photos?|images?|pictures?|credit|video|related|document|see\salso)\s?:[^()]*[)\]]?\W*$
    | [(\[](?:watch|follow|read|sign\sup|live\supdates)\b[^.]{5,80}[\])]$
    | [(\[](?:more\sabout|learn\smore)\b.{0,60}\bhere\b
    | \((?-i:[A-Z])\w{1,9}\)$ | \([^()]{3,50}/\s?(?:[A-Z]\w+\s?){1,3}\)$
    | (?:\((?:laughter|applause|music|cheers|cheering|noise|laughs|crosstalk|inaudible)\.?\)\s?)+$
    | [-–—•]\s?[^.]{2,60}\bcontributed\sto\sthis
    | [-–—]\s?[^!?]{2,40}\s\(@\w+\)(?:\s\w+\s\d{1,2},\s\d{4})?$
    | [(\[](?:last|most\srecent|this\s(?:post|article|story)\swas(?:\slast)?)\supdated?\b
    | \[(?:\d{1,3}|edit|[^\]\d]{0,15}\b(?:name|date|title|address|private|pullquote|embed)[^\]]{0,12})\][_,.]?$
    | [»>›]\s?(?:read|see|watch)\b | [.\s]+\d{1,3}\.?$ | /s/\s | ">?\s?\w{0,15};?$ | _x[0-9a-f]{4}_$ | \{"\w+":
    | [>*\s]*(?:ok(?:ay)?|sure|certainly),\shere(?:'s|\sis)\s(?:the|a|an|your|some)\b | [*(]+word\scount\b | \^\s
    """
_LINE = rf"""
    by\s{_NAMES}\s*(?:[|/•·–—-]
        |,\s(?=(?:staff|special|for|the|associated|senior|contribut\w*|editor|\w+\scorrespondent)\b))[^.!?]{{0,60}}$
    | by\s.{{2,40}}\s(?:\d+|an?)\s(?:minute|hour|day|week|month|year)s?\sago$
    | (?:\d+|an?)\s(?:minute|hour|day|week|month|year)s?\sago$ | \d+\s?(?:min(?:ute)?s?)\sread$ | \d+\scomments?$
    | (?:{_DAY},?\s)?(?:(?:\d{{1,2}}(?:st|nd|rd|th)?\s)?{_MONTH}(?:\s\d{{1,2}}(?:st|nd|rd|th)?)?,?\s\d{{4}}
        |\d{{1,4}}(?P<mark>[./-])\d{{1,2}}(?P=mark)\d{{2,4}})(?:,?\s(?:at\s)?\d{{1,2}}[:.]\d\d.{{0,12}})?$
    | (?:tags?|tagged(?:\s(?:under|in|with))?|topics|categor(?:y|ies)|filed\sunder|keywords|posted\sin|labels|share
        |follow
        |photograph|picture|courtesy(?:\sof)?|date|byline|published|updated|source)\s?:\s.{{1,120}}$
    | {_NETWORK}\b[\s|,/·•]*(?:(?:{_NETWORK}|on|via|this|article)\b[\s|,/·•]*)*$
    | [^|»›·•>.!?:]{{1,25}}(?:\s[|»›·•>]\s[^|»›·•>.!?:]{{1,25}}){{2,}}$
    | .*\bread\smore$ | .*\(photo:[^()]*\)$ | associated\spress$ | special\sto\sthe\s.{{3,40}}$
    | (?-i:[A-Z][A-Z.'-]+)[\s\w,.'-]{{0,40}}\((?:ap|reuters|afp|upi|cnn)\)\s?[-–—]*$
    | .{{0,30}}\b(?:news|wire)\sservice$
    | (?:all\scomments|replies|share\sthis\spage|most\s(?:read|popular|viewed|shared)|latest\s(?:news|stories)
        |top\sstories|trending(?:\snow)?|popular\sposts|recent\s(?:posts|comments)|newsletters?|site\smap|contact\sus|about\sus
        |advertise\swith\sus|editor's\spicks|more\sstories|recommended\sfor\syou|around\sthe\sweb|my\saccount
        |cookie\s(?:settings|policy|preferences)|manage\s(?:cookies|preferences|newsletters)|terms\s(?:of\suse|(?:and|&)\sconditions)|main\snavigation
        |report\sthis\scomment|be\sthe\sfirst\sto\scomment|post\sa\scomment|load\smore|related\stopics
        |powered\sby\s\w+)(?:\s\(?\d+\)?)?$
    """
_TELLING = (  # one of these words and marks is in every sentence that the pattern below finds, or one of the literals
    "reserved © copyright getty ap contributed sign subscribe newsletter model privacy published reproduced reprinted "
    "republished http https @ reached reach contact inbox unsubscribe opinion opinions view views permission comments "
    "pic posted replay"
)
_LITERALS = (".................", ". . . . . . . . . . . .", " (19", " (20", "), ", "em;", "px;")
_ANYWHERE = r"""
    all\srights\sreserved | ©\s?\d{4} | copyright\s(?:\(c\)\s)?\d{4} | ^[^.!?"]{0,80}getty\simages[^.!?"]{0,25}$
    | \bap\sphoto\b | associated\spress\scontributed | (?:sign\sup|subscribe)\s(?:for|to)\s(?:our|the|my)\b
    | newsletter\b.{0,40}\b(?:inbox|sign\sup|subscribe) | \bas\san?\s(?:ai\s|large\s)*language\smodel\b
    | (?:sign\sup|subscribe)\shere\b | \b(?:in|to)\syour\sinbox\b | \bunsubscribe\sat\b
    | terms\sof\s(?:service|use)\b.{0,40}privacy | \b(?:our|agree|accept|read|see)\b.{0,60}\bprivacy\spolicy
    | ^[^.!?]{0,40}\bprivacy\spolicy\b[^.!?]{0,30}$ | may\snot\sbe\s(?:published|reproduced|reprinted)
    | ^https?://\S+(?:\s[-–—].{2,60})?$ | ^pic\.twitter\.com/\S+(?:\s[-–—].{2,60})?$ | ^\S+@\S+\.\w+$
    | (?:can\sbe\sreached|contact\s(?:him|her|them|me|us)|reach\s(?:him|her|me|us))\sat\b.{0,80}(?:@|\d{3})
    | (?:e-?mail|write\sto|in\stouch\swith|send\s.{1,30}to)\s(?:him|her|us|me|them)\s(?:at|on)\s\S*@
    | \bcontributed\sto\s(?:this|the)\s(?:report|story|article|post)
    | \b(?:opinions?|views?)\s(?:expressed|stated|in\sthis)\b.{0,60}\b(?:(?:his|her|their|my)\s(?:own|alone)
        |those\sof\s)
    | \bnot\s(?:the\s)?official\sviews\b | \bre(?:published|printed|posted)\s(?:here\s)?with\spermission\b
    | \b(?:share|tell|let|leave|chat|sound\soff|thoughts)\b.{0,60}\bin\s(?:the|our)\scomments\b
    | ^follow\b.{0,60}@\w+$ | \b(?:e-?mail|comments?|send|write|letters|questions)\b[^@]{0,60}\s\S+@\S+\.\w
    | ^(?-i:[A-Z])[\w'-]+,\s(?-i:[A-Z])\.[^!?]{0,90}\(\d{4}\w?\)\.?$ | ^[^.!?]{5,70},\s\d+\(\d+\),\s\d+[-–]\d+\.$
    | \.{17} | (?:\.\s){12} | ^[\w-]{0,20}:?[-\d.]*(?:em|px|pt);$ | \bcross-posted\sfrom\b | \breplay\smore\svideos
    """
_TELLING_WORDS = Lookup.of(np.sort(hash_words(_TELLING.split())))
_STARTS: dict[str, tuple[int, ...]] = {}  # the patterns that a word can begin
for _place, (_words, _) in enumerate(OPENINGS):
    for _word in _words.split():
        _STARTS[_word] = (*_STARTS.get(_word, ()), _place)
_TOKEN = re.compile(r"\w+(?:'\w+)*")  # the first of "e-mail" is "e"
_BEGINNINGS = Lookup.of(np.sort(hash_words(sorted({_TOKEN.findall(word)[0] for word in _STARTS}))))


def telling(document: Document) -> Flags:
    """Tell in which sentences, or after which, a telling word or literal stands (S,)."""
    found = np.zeros(document.n_sentences, np.bool_)
    found[document.sentence[_TELLING_WORDS.find(document.hash) >= 0]] = True
    for source, (low, high) in zip(document.sources, pairwise(document.texts.tolist()), strict=True):
        text = source.text
        for literal in _LITERALS:
            at = text.find(literal)
            while at >= 0:
                sentence = low + int(document.sentence_start[low:high].searchsorted(at, side="right")) - 1
                if sentence >= low:
                    found[sentence] = True
                at = text.find(literal, at + len(literal))
    return found


def may_begin(document: Document) -> Flags:
    """Tell which sentences begin with a mark or a word that can begin one of the patterns (S,)."""
    first, end = document.first_token[:-1], document.first_token[1:]
    may = np.ones(document.n_sentences, np.bool_)
    own = (first < end).nonzero()[0]
    at = first[own]
    begins = document.is_word[at] & (document.start[at] == document.sentence_start[own])
    may[own] = ~begins | (_BEGINNINGS.find(document.hash[at]) >= 0)
    for source, (low, high) in zip(document.sources, pairwise(document.texts.tolist()), strict=True):
        if not source.text.isascii():  # some signs that are no letters lie within words
            starts = document.sentence_start[low:high].tolist()
            may[low:high] |= np.array([not source.text[start : start + 1].isalnum() for start in starts], np.bool_)
    return may


@cache  # when a text first needs it: compiling them all would double the time that the first score takes
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.VERBOSE | re.IGNORECASE)


@cache
def _pattern(places: tuple[int, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{OPENINGS[place][1]})" for place in places), re.IGNORECASE)


def has_no_words(sentence: str) -> bool:
    """Tell whether a sentence is nothing but marks."""
    return not sentence[:1].isalnum() and not any(map(str.isalnum, sentence))


def is_line(text: str, start: int, end: int) -> bool:
    """Tell whether ``text[start:end]``, a short line of its own, is navigation, a credit or a date."""
    return _compiled(_LINE).match(text, start, end) is not None


def is_boilerplate(sentence: str, is_telling: bool) -> bool:
    """Tell whether a short sentence is navigation, credit or debris; ``is_telling``: it has a telling word."""
    if not sentence[0].isalnum() and _compiled(_MARKED).match(sentence):
        return True
    first = sentence.split(None, 1)[0].partition(":")[0].lower().strip("[(*,!.")
    places = _STARTS.get(first)
    if places is not None and _pattern(places).match(sentence.lstrip("[(*")):
        return True
    return is_telling and _compiled(_ANYWHERE).search(sentence) is not None
