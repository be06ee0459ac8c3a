"""Whole sentences for people in each language, and the forms of figures and times that stand in them."""

from incidents.texts.forms import Forms, forms_of, status_word
from incidents.texts.sentences import Sentences, Text

__all__ = ["Forms", "Sentences", "Text", "forms_of", "status_word"]
