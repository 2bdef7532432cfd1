"""Texts in, records out: everything that knows a file format, and nothing that knows a score.

``sources`` finds files, ``decode`` turns bytes into text, ``readers`` and ``rows`` make
items, ``writers`` and ``table`` turn records into lines, ``output`` puts lines in a file.
"""
