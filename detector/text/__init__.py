"""Text as the package reads it: normalised, with a map back to the text as given."""
