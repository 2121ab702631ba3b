"""Taking people out as a file: always under a purpose, for a recipient, and recorded.

`columns` says what may stand in a file, `rows` reads it in one stream, `writers` write CSV, workbooks and JSON Lines,
`start` and `run` make an export of it, and `files` keeps and removes the file.
"""
