"""What is measured of a sentence and of an article, each by one small documented function."""
