"""Segments: conditions on people, written as text or put together in a form, and run as one SQL query.

`tree` is what a segment is, `vocabulary` which words there are, `language` the text form, `conditions` what this and
other packages can ask about, `compile` the SQL. The first three touch no database.
"""
