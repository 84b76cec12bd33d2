"""Explicit-state models of the write protocols, checked over every interleaving.

One module for each protocol says in small atomic steps what an adapter or the facade does, and
lists the rules that make it right. Beside it, ``test_<protocol>.py`` shows two things: with all
rules, no scenario breaks an invariant; and without any one of them, a named scenario does.

* ``checker``: the explorer (breadth first, crashes, restarts, rest and livelock)
* ``group_commit``: WriteSets of concurrent calls in one SQLite transaction
* ``compare_and_set``: WriteSets on Redis: read, compare, one script
* ``one_partition`` (its store: ``partition_store``): WriteSets, marks, heirs and removals on Cassandra
* ``delayed_entries``: entries of the outbox that are due much later, on Cassandra
* ``places_beside_documents``: concurrency limits on Cassandra
* ``outbox_marks`` (its store: ``outbox_store``): marks, drainers, the index and its versions
* ``removal_records``: removal record, archive and expiry on top of that
* ``commit_two_stores``: Commit where documents and queue are different stores
* ``queue_lease``: pop, receipt, lapse, acknowledgement, and Commit in one store
* ``limit_release``: places of a concurrency limit and their late release
* ``payload_deletions``: payloads with a due mark

A change of a protocol begins here: rule, model and code change together. Not modelled: Java's own
multi-step writes beside ours, slots of tasks that Java made, equal stamps on Redis after a clock has
stepped back, limits on Cassandra whose servers' clocks differ, and a document that takes over the path
of a payload at the moment in which that is replaced.
"""
