"""The known attacks of tests/corpus, put through every stage."""

from __future__ import annotations

import pytest

from tests.corpus_files import CORPUS, pages, texts
from tests.tools.untrusted.invariants import active_in, unseen_in
from tools._untrusted import Fence, cleaned, defused, one_line

ATTACKS = [pytest.param(text, id=name) for name, text in {**texts(), **pages()}.items()]


@pytest.mark.parametrize("text", ATTACKS)
def test_nothing_invisible_is_left_of_an_attack(text: str) -> None:
    for stage in (cleaned(text), defused(text), one_line(text, 10_000), Fence().around(text)):
        assert unseen_in(stage) == set()
    assert cleaned(cleaned(text)) == cleaned(text)


@pytest.mark.parametrize("text", ATTACKS)
def test_nothing_loads_or_runs_in_a_defused_attack(text: str) -> None:
    assert active_in(defused(text)) == []
    assert active_in(defused(text, home={"contoso.com", "evil.example"})) == []


@pytest.mark.parametrize("text", ATTACKS)
def test_an_attack_in_a_single_line_opens_no_image_link_or_tag(text: str) -> None:
    line = one_line(text, 100_000)
    assert "\n" not in line
    assert [fault for fault in active_in(line) if fault.startswith(("an image", "an inline", "a tag"))] == []


@pytest.mark.parametrize("text", ATTACKS)
def test_no_attack_closes_its_fence(text: str) -> None:
    for body in (text, defused(text)):
        fence = Fence()
        first, *middle, last = fence.around(body).splitlines()
        assert fence.mark in first
        assert last == f"<<end {fence.mark}>>"
        assert not [line for line in middle if fence.mark in line.casefold()]
        assert not [line for line in middle if line.strip(" \t>|-").startswith(("<<", "--- end", "--- text"))]


@pytest.mark.parametrize("secret", ["?d=SECRET", "/SECRET", "SECRET-1234"])
def test_what_an_image_would_carry_out_is_gone_with_it(secret: str) -> None:
    for name in ("echoleak-reference-image.txt", "echoleak-teams-proxy.txt"):
        assert secret not in defused(texts()[name])


def test_what_only_looks_like_an_attack_is_kept() -> None:
    assert "kept: &lt;b&gt; &amp; &#65; &copy; a&b R&D" in cleaned(texts()["entities.txt"])
    assert "kept: data: see below, file: report.docx, about: us" in defused(texts()["dangerous-schemes.txt"])
    assert "unclosed, but seen" in cleaned(texts()["terminal.txt"])


def test_every_attack_is_explained() -> None:
    explained = (CORPUS / "README.md").read_text("utf-8")
    assert [name for name in (*texts(), *pages()) if f"| `{name}` | " not in explained] == []
