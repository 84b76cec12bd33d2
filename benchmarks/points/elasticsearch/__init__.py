"""The index on Elasticsearch: how fast it is filled and searched, against requests straight to it and Java's way."""
