"""Why a score is what it is: additive reasons, worded for people, with the places in the text that show them."""
