"""The contract of Podium in Python: models, DAO Protocols, WriteSet, errors. Standard library and msgspec only."""
