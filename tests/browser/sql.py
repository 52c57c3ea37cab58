"""Runs a SQL statement on the database of a URL, and prints the rows as JSON."""

import json
import sys

url, statement = sys.argv[1:]
if url.startswith("sqlite://"):
    import sqlite3

    connection = sqlite3.connect(url.removeprefix("sqlite://"), timeout=10)
else:
    import psycopg2

    connection = psycopg2.connect(url)
    connection.autocommit = True  # CREATE DATABASE takes no transaction
cursor = connection.cursor()
cursor.execute(statement)
rows = cursor.fetchall() if cursor.description else []
connection.commit()
print(json.dumps(rows, default=str))
