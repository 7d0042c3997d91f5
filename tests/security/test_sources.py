"""What the sources never do: found by reading them, so that it stays so."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from vibe_engine.testing.environment import ROOT

APPS = ("accounts", "automation", "library", "metrics", "playlists", "vibe_engine")
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static").rglob("*.js"))
MODULES = sorted(
    file
    for app in APPS
    for file in (ROOT / app).rglob("*.py")
    if not {"tests", "migrations", "sandbox", "testing"} & set(file.parts)
)
IN_TEMPLATES = {
    "htmx handlers": r"\bhx-on\b|\bhx-on:",
    "scripts in htmx attributes": r"""(hx-vals|hx-headers|hx-vars)=["']\s*js""",
    "filters in triggers": r"""hx-trigger=["'][^"']*(?<!find )\b[\w:]+\[""",
    "unescaped values": r"\|\s*safe\b|\bsafeseq\b|autoescape\s+off",
    "inline styles": r"""<style\b|\sstyle=""",
    "inline handlers": r"""<[^>]*\son[a-z]+=""",
    "scripts in links": r"javascript:",
    "inline scripts": r"<script(?![^>]*\ssrc=)[^>]*>\s*\S",
    "other people's files": r"""<(script|link|img|source|iframe)\b[^>]*=["'](https?:)?//""",
    "frames and objects": r"<(iframe|object|embed|base)\b",
    "values as tags or attributes": r"<\{\{|<[a-z]+[^>]*\s\{\{\s*\w+\s*\}\}=",
    "links without quotes": r"""\b(href|src|action)=\{""",
}
IN_SCRIPTS = {
    "text as code": r"\beval\(|new Function|setTimeout\(\s*[\"']",
    "text as markup": r"\.(inner|outer)HTML\s*=|insertAdjacentHTML|document\.write",
    "styles as attributes": r"setAttribute\(\s*[\"']style",
}
NEVER_CALLED = {
    "mark_safe",
    "csrf_exempt",
    "xframe_options_exempt",
    "csp_exempt",
    "eval",
    "exec",
    "RawSQL",
    "extra",
    "raw",
    "pickle",
}
SAFE_STRINGS = ROOT / "vibe_engine" / "charts"
"""The one place that builds markup by hand: figures and escaped words."""


def comments_removed(text: str) -> str:
    text = re.sub(r"\{#.*?#\}", "", text)
    return re.sub(r"\{% comment %\}.*?\{% endcomment %\}", "", text, flags=re.DOTALL)


def hits(files: list[Path], pattern: str) -> list[str]:
    """Return file and line of every match, comments of templates aside."""
    found = []
    for file in files:
        text = comments_removed(file.read_text(encoding="utf-8"))
        for match in re.finditer(pattern, text):
            line = text[: match.start()].count("\n") + 1
            found.append(f"{file.relative_to(ROOT)}:{line} {match[0][:60]}")
    return found


def calls(file: Path) -> Iterator[tuple[str, ast.Call]]:
    """Yield the last name of everything that a module calls."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func
            yield getattr(name, "attr", getattr(name, "id", "")), node


class TestTemplates:
    def test_are_read(self) -> None:
        assert len(TEMPLATES) > 80

    @pytest.mark.parametrize("what", IN_TEMPLATES)
    def test_hold_no(self, what: str) -> None:
        assert hits(TEMPLATES, IN_TEMPLATES[what]) == []

    @pytest.mark.parametrize(
        ("what", "example"),
        [
            ("htmx handlers", '<p hx-on:click="x">'),
            ("scripts in htmx attributes", "<p hx-vals='js:{a: 1}'>"),
            ("filters in triggers", '<p hx-trigger="keyup[ctrlKey]">'),
            ("unescaped values", "{{ name|safe }}"),
            ("inline styles", '<p style="color: red">'),
            ("inline handlers", '<img src="a" onerror="b">'),
            ("inline scripts", "<script>alert(1)</script>"),
            ("other people's files", '<script src="https://cdn.example/a.js">'),
            ("links without quotes", "<a href={{ url }}>"),
        ],
    )
    def test_would_be_found_out(self, what: str, example: str) -> None:
        assert re.search(IN_TEMPLATES[what], example)

    def test_post_with_a_token(self) -> None:
        form = re.compile(r"""<form[^>]*method="post"[^>]*>(.*?)</form>""", re.DOTALL)
        bare = [
            str(file.relative_to(ROOT))
            for file in TEMPLATES
            for body in form.findall(file.read_text(encoding="utf-8"))
            if "{% csrf_token %}" not in body
        ]
        assert bare == []

    def test_open_other_sites_without_a_way_back(self) -> None:
        link = re.compile(r"""<a\b[^>]*target="_blank"[^>]*>""")
        open_ones = [
            tag
            for file in TEMPLATES
            for tag in link.findall(file.read_text(encoding="utf-8"))
            if "noopener" not in tag
        ]
        assert open_ones == []


class TestScripts:
    @pytest.mark.parametrize("what", IN_SCRIPTS)
    def test_never_take(self, what: str) -> None:
        assert SCRIPTS
        assert hits(SCRIPTS, IN_SCRIPTS[what]) == []


class TestModules:
    def test_are_read(self) -> None:
        assert len(MODULES) > 100

    def test_call_nothing_that_turns_protection_off(self) -> None:
        found = [
            f"{file.relative_to(ROOT)}:{node.lineno} {name}"
            for file in MODULES
            for name, node in calls(file)
            if name in NEVER_CALLED
        ]
        assert found == []

    def test_call_safe_what_is_safe_in_the_charts_alone(self) -> None:
        found = [
            f"{file.relative_to(ROOT)}:{node.lineno}"
            for file in MODULES
            for name, node in calls(file)
            if name == "SafeString" and node.args and SAFE_STRINGS not in file.parents
        ]
        assert found == []

    def test_format_no_markup_but_by_format_html(self) -> None:
        markup = re.compile(r"""f["']<[a-z]|["']<[a-z][^"']*["']\s*(%|\+|\.format)""")
        others = [file for file in MODULES if SAFE_STRINGS not in file.parents]
        assert hits(others, markup.pattern) == []

    def test_switch_no_certificate_check_off(self) -> None:
        found = [
            f"{file.relative_to(ROOT)}:{node.lineno}"
            for file in MODULES
            for _, node in calls(file)
            for keyword in node.keywords
            if keyword.arg == "verify" and ast.unparse(keyword.value) != "True"
        ]
        assert found == []

    def test_pass_no_posted_names_on(self) -> None:
        assert hits(MODULES, r"\*\*\s*(self\.)?request\.(POST|GET)\b") == []

    def test_list_the_fields_of_their_forms(self) -> None:
        assert hits(MODULES, r"""fields\s*=\s*["']__all__["']""") == []
