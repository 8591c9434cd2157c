"""What programs print that people run on a Spark to look at it, read: one file per program.

Each file has `parse(text)`. It returns what it found; an empty tuple where the program says that there is
nothing; None where the text is not that program's at all. What is not known is None, never 0.
"""
