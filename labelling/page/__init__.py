"""The page on which a person labels photographs: a small web server, and what runs beside it.

app.py puts the parts together; the browser's part is plain JavaScript in static/.
"""
