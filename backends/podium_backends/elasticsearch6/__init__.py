"""An index on Elasticsearch 6.8, on the indices of a Java Conductor."""
