from .bag_of_words import BagOfWords as BagOfWords
from .bag_of_words import WordClasses as WordClasses
from .bag_of_words import count_matrix as count_matrix
from .bag_of_words import fit_bag_of_words as fit_bag_of_words
from .bag_of_words import fit_word_counts as fit_word_counts
from .bag_of_words import word_classes as word_classes
from .modified_bag_of_words import ModifiedBagOfWords as ModifiedBagOfWords
