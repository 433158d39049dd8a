"""The closure of a script is the code it uses, and nothing that it does not."""

from textwrap import dedent

import pytest

from unrolled.record.closure import closure, code_of, forget, modules_in

TREE = {
    "src/unrolled/__init__.py": '__version__ = "1"',
    "src/unrolled/room/__init__.py": "import lazy_loader",
    "src/unrolled/room/__init__.pyi": """
        from .one import first as first
        from .two import second as second, Third as third
        """,
    "src/unrolled/room/one.py": "from .deep.inner import value\ndef first(): return value",
    "src/unrolled/room/two.py": "def second(): pass\nclass Third: pass",
    "src/unrolled/room/deep/__init__.py": "",
    "src/unrolled/room/deep/inner.py": "value = 1",
    "src/unrolled/room/alone.py": "from unrolled import other",
    "src/unrolled/other.py": "STYLE = __file__.replace('other.py', 'a.style')",
    "src/unrolled/a.style": "lines: thin",
    "src/unrolled/b.style": "lines: thick",
    "src/unrolled/record/__init__.py": "",
    "src/unrolled/record/__init__.pyi": "from .step import run_step as run_step",
    "src/unrolled/record/step.py": "from unrolled.record.determinism import seeds",
    "src/unrolled/record/determinism.py": "seeds = 1",
}


@pytest.fixture
def tree(tmp_path):
    forget()

    def write(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text).lstrip("\n"))
        forget()

    write(TREE)
    write.root = tmp_path
    yield write
    forget()


def used(tree, script):
    tree({"scripts/a.py": script})
    return set(closure("scripts/a.py", root=tree.root))


@pytest.mark.parametrize(
    ("script", "modules"),
    [
        ("import numpy", set()),
        ("from unrolled.room import second", {"room", "room.two"}),
        ("from unrolled.room import third", {"room", "room.two"}),
        (
            "from unrolled.room import first",
            {"room", "room.one", "room.deep", "room.deep.inner"},
        ),
        ("import unrolled.room.two as x", {"room", "room.two"}),
        ("from unrolled.room import two", {"room", "room.two"}),
        ("from unrolled.room.two import second", {"room", "room.two"}),
        ("def f():\n    from unrolled.room import second", {"room", "room.two"}),
        ("try:\n    import unrolled.room.two\nexcept ImportError: pass", {"room", "room.two"}),
        ("from unrolled.room import alone", {"room", "room.alone", "other", "unrolled/a.style"}),
        ("from unrolled.record import run_step", {"record", "record.determinism"}),
        ("import unrolled.room", {"room"}),
        ("from unrolled import __version__", set()),
        (
            "from unrolled.room import *",
            {"room", "room.one", "room.two", "room.deep", "room.deep.inner"},
        ),
    ],
)
def test_a_name_is_followed_to_the_module_that_defines_it(tree, script, modules):
    full = {name if "/" in name else f"unrolled.{name}" for name in modules}
    assert used(tree, script) == full


def test_what_only_a_type_checker_reads_does_not_count(tree):
    script = """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from unrolled.room import first
        else:
            from unrolled.room import second
        """
    assert used(tree, script) == {"unrolled.room", "unrolled.room.two"}


def test_a_module_that_does_not_exist_is_named_missing(tree):
    tree({"scripts/a.py": "import unrolled.nowhere"})
    assert closure("scripts/a.py", root=tree.root) == {"unrolled.nowhere": "missing"}


def test_a_script_that_does_not_exist_is_named_missing(tree):
    assert code_of("scripts/none.py", root=tree.root, seed=0)[0] == "scripts/none.py missing"


def test_modules_that_import_each_other_end(tree):
    tree({"src/unrolled/other.py": "from unrolled.room import alone"})
    assert used(tree, "from unrolled import other") == {
        "unrolled.other",
        "unrolled.room",
        "unrolled.room.alone",
    }


def lines(tree, **files):
    tree(files)
    return code_of("scripts/a.py", "notes.yaml", root=tree.root, seed=0)


@pytest.fixture
def script(tree):
    tree(
        {
            "scripts/a.py": "from unrolled.room import second\nsecond()\n",
            "notes.yaml": "a: 1\n",
        }
    )
    return tree


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (
            "scripts/a.py",
            '"""Says what."""\n\nfrom unrolled.room import second  # why\nsecond( )',
        ),
        ("src/unrolled/room/two.py", 'def second():\n    """Doc."""\n    pass\nclass Third: pass'),
        ("src/unrolled/room/two.py", 'def second(): pass\nclass Third:\n    pass\n    "Doc."'),
        ("notes.yaml", "# a note\na:   1"),
        ("src/unrolled/room/__init__.pyi", "from .two import second, Third\n"),
        ("src/unrolled/record/step.py", "from unrolled.record.determinism import seeds\nlog = 1"),
        ("src/unrolled/__init__.py", '__version__ = "2"'),
    ],
)
def test_comments_docstrings_layout_and_bookkeeping_change_nothing(script, file, text):
    before = lines(script)
    assert lines(script, **{file: text}) == before


@pytest.mark.parametrize(
    ("file", "text", "named"),
    [
        ("scripts/a.py", "from unrolled.room import second\nsecond(1)", "scripts/a.py"),
        (
            "src/unrolled/room/two.py",
            "def second(): return 'text'\nclass Third: pass",
            "unrolled.room.two",
        ),
        ("notes.yaml", "a: 2", "notes.yaml"),
    ],
)
def test_a_change_of_code_changes_the_one_line_that_names_it(script, file, text, named):
    before = lines(script)
    after = lines(script, **{file: text})
    assert [line.split()[0] for line in set(after) - set(before)] == [named]
    assert len(after) == len(before)


def test_a_file_that_a_module_names_changes_a_line_of_its_own(tree):
    tree({"scripts/a.py": "from unrolled import other"})
    before = code_of("scripts/a.py", root=tree.root, seed=0)
    tree({"src/unrolled/b.style": "lines: none"})
    assert code_of("scripts/a.py", root=tree.root, seed=0) == before
    tree({"src/unrolled/a.style": "lines: none"})
    after = code_of("scripts/a.py", root=tree.root, seed=0)
    assert [line.split()[0] for line in set(after) - set(before)] == ["unrolled/a.style"]


def test_code_that_does_not_parse_stops_no_other_job(script):
    assert any(line.startswith("scripts/a.py ") for line in lines(script, **{"scripts/a.py": "("}))


def test_the_lines_end_with_the_lock_and_the_seed(script):
    *_, lock, seed = code_of("scripts/a.py", root=script.root, seed=7)
    assert lock.startswith("lock ")
    assert seed == "seed 7"


def test_bookkeeping_may_always_be_loaded():
    assert {"unrolled.record.step", "unrolled.a"} <= modules_in(["unrolled.a 0123", "seed 0"])
    assert "unrolled.record.claims" not in modules_in(["seed 0"])
