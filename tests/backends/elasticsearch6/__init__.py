"""What only the index on Elasticsearch has."""
