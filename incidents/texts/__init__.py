"""Whole sentences for people in each language, and the forms of figures and times that stand in them."""

from incidents.texts.forms import Forms, forms_of, status_word
from incidents.texts.sentences import Plural, Sentences, Text

__all__ = ["Forms", "Plural", "Sentences", "Text", "forms_of", "status_word"]
