"""Results without a bound: pages by bytes and rows, where a stream goes on, and how much one answer may hold."""
