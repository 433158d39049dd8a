"""Snakemake looks for what can run when a job ends, not every second and once more for each job."""


def looks(toy, *arguments):
    """How often the toy's run of four jobs looked; two of them take three seconds, by turns."""
    for name in ("first", "other"):
        script = f"scripts/toy/{name}.py"
        toy.write(script, f"import time\ntime.sleep(3)\n{toy.read(script)}")
    return toy.build("--verbose", "--forceall", *arguments).count("Ready jobs: ")


def test_a_run_looks_once_for_each_job_that_ends(toy):
    assert looks(toy) == 4


def test_a_limit_of_a_persons_own_is_kept(toy):
    assert looks(toy, "--max-jobs-per-timespan", "99/1s") > 5
