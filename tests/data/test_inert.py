import os
import pickle

import pytest

from unrolled.data import read_inert, string_columns

from .archives_for_tests import table_pickle


class Deed:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def test_a_pickle_that_would_run_a_command_runs_nothing(tmp_path):
    trace = tmp_path / "trace"
    bad = pickle.dumps(Deed(os.system, f"touch {trace}"))
    tree = read_inert(bad)
    assert not trace.exists()
    assert tree.origin.endswith(".system")
    assert tree.arguments == (f"touch {trace}",)
    pickle.loads(bad)
    assert trace.exists()  # so the pickle was a working one


def test_a_pickle_imports_nothing():
    tree = read_inert(b"cno_such_module_at_all\nname\n)R.")
    assert tree.origin == "no_such_module_at_all.name"


def test_columns_of_text_come_out_under_their_names():
    columns = {"a": ["x", "y", "z"], "b": ["1", "2", "3"]}
    assert string_columns(table_pickle(columns)) == columns


def test_a_real_data_frame_is_read_without_pandas_objects():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"n": [1, 2], "a": ["x", "y"], "b": ["p", "q"]}).astype(
        {"a": object, "b": object}
    )
    assert string_columns(pickle.dumps(frame)) == {"a": ["x", "y"], "b": ["p", "q"]}


@pytest.mark.parametrize("content", [b"", b"no pickle", pickle.dumps([1, 2, 3])])
def test_what_is_no_table_is_refused(content):
    with pytest.raises(ValueError, match="not a pickle"):
        string_columns(content)


def test_a_pickle_cut_short_is_refused():
    with pytest.raises(ValueError, match="not a pickle"):
        string_columns(table_pickle({"a": ["x"]})[:-20])
