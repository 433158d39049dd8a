from .loop import TrainingDiverged as TrainingDiverged
from .loop import evaluate as evaluate
from .loop import squared_error as squared_error
from .loop import train_networks as train_networks
from .recipe import LabelledDocuments as LabelledDocuments
from .recipe import Plan as Plan
from .recipe import Recipe as Recipe
from .recipe import TargetedDocuments as TargetedDocuments
