# What every rule uses: settings, paths, code that makes a job stale. Included first.
import os
import sys
from functools import partial
from pathlib import Path

ROOT = Path(workflow.basedir)
SOURCE = str(ROOT / "src")
# This checkout's package, whatever else is installed; the jobs find it too.
sys.path.insert(0, SOURCE)

from unrolled.record.alive import stay_alive, take_turns
from unrolled.record.closure import code_of
from unrolled.record.damage import put_aside_damaged
from unrolled.record.determinism import FIXED
from unrolled.record.outputs import check_writable
from unrolled.record.provenance import GIT_STATE, RECORD_FOLDER, git_state
from unrolled.record.reads import TRACE
from unrolled.record.seals import seal_records
from unrolled.record.sidecars import write_run
from unrolled.settings import (
    check_file,
    check_scale,
    check_settings,
    refuse_settings_in_profiles,
)

if workflow.is_main_process:
    has_planned = take_turns()
    alone = stay_alive(clear=partial(put_aside_damaged, say=logger.warning))
    if alone is False:
        logger.warning(
            "Another run, or a job that outlived its run, is at work in this folder. What it "
            "makes cannot be made at the same time; wait for its end and run the same command."
        )

refuse_settings_in_profiles(sys.argv, os.environ, root=ROOT)
SETTINGS_FILES = [ROOT / "config.yaml"]
check_file(SETTINGS_FILES[0])


configfile: f"{workflow.basedir}/config.yaml"


SCALE = check_scale(config, files=workflow.overwrite_configfiles)

if SCALE != "demo":
    SETTINGS_FILES.append(ROOT / "workflow" / "scales" / f"{SCALE}.yaml")

    configfile: f"{workflow.basedir}/workflow/scales/{SCALE}.yaml"


config.update(check_settings(config, files=[*SETTINGS_FILES, *workflow.overwrite_configfiles]))

os.environ.update(
    FIXED,
    PYTHONPATH=os.pathsep.join(filter(None, [SOURCE, os.environ.get("PYTHONPATH")])),
)
RECORDS = f"results/{SCALE}/record"
os.environ.update({RECORD_FOLDER: RECORDS, GIT_STATE: git_state(ROOT)})
# How closely a run is watched is no setting of a result: no rule may see it.
os.environ[TRACE] = "yes" if config.pop("trace") else ""


pathvars:
    results=f"results/{SCALE}",
    logs=f"logs/{SCALE}",


# In a rule's params: *code_of("scripts/<paper>/<script>.py"), and further files of the
# repository that the script reads by step.source(...).
code_of = partial(code_of, root=ROOT, seed=config["seed"])
# A file of workflow/published, by a path that is the same in every checkout.
published = partial(os.path.join, os.path.relpath(ROOT / "workflow" / "published"))
# Figures and tables that are numbered in a paper: slug -> names; rule files fill it.
FIGURES = {}
# Networks that rule `train` makes: paper -> corpus_cell -> how, and paper -> corpus -> chunk ->
# the numbers of its networks; rule files fill both.
RECIPES = {}
MEMBERS = {}


# Only the main process of a run comes here, once before its first job and once after its last.
onstart:
    has_planned()
    check_writable(f"results/{SCALE}")
    seal_records(RECORDS, "begin")
    # To keep its limit of 100 jobs a second, Snakemake 9.27 looks every second for what can
    # run, once more for each job that has ended: minutes of a demo, and far more with thousands
    # of jobs. Without a limit it looks when a job ends. Any other limit stays.
    limit = workflow.scheduler.job_rate_limiter
    if limit and (limit.max_jobs, limit.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None


onsuccess:
    seal_records(RECORDS, "end")
    write_run(RECORDS)


onerror:
    seal_records(RECORDS, "error")
    write_run(RECORDS)
