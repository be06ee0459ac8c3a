"""Which service an alert is about: by labels, by the names of the catalogue, by what backends know."""
