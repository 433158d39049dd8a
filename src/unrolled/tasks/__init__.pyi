from .reviews import GeneratedReviews as GeneratedReviews
from .reviews import Scoring as Scoring
from .reviews import generate_reviews as generate_reviews
from .reviews import oracle_accuracy as oracle_accuracy
from .vocabulary import MODIFIERS as MODIFIERS
from .vocabulary import ReviewVocabulary as ReviewVocabulary
from .vocabulary import review_vocabulary as review_vocabulary
