from .closure import code_of as code_of
from .provenance import read_records as read_records
from .step import Step as Step
from .step import run_step as run_step
