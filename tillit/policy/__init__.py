"""The privacy policy as a program: one document, compiled to rules of small integers.

Pure Python: no Django, no database, no clock. Import from the modules themselves:

``document``  the models of the policy document      ``load``    YAML to document, errors with lines
``check``     what must hold across a document       ``rules``   document to integer rules
``decide``    one rule, one person, one answer        ``sql``     the same rule as a SQL condition
``fold``      choices to the granted and refused bits ``statement`` the document as readable text
"""
