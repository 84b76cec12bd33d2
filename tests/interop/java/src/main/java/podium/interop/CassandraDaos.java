package podium.interop;

import com.datastax.driver.core.Cluster;
import com.datastax.driver.core.Session;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.netflix.conductor.cassandra.config.CassandraProperties;
import com.netflix.conductor.cassandra.dao.CassandraEventHandlerDAO;
import com.netflix.conductor.cassandra.dao.CassandraExecutionDAO;
import com.netflix.conductor.cassandra.dao.CassandraMetadataDAO;
import com.netflix.conductor.cassandra.util.Statements;
import java.util.Map;

/** Conductor's DAOs on a Cassandra of one node. */
final class CassandraDaos {
    private final Session session;
    private final ObjectMapper mapper;

    CassandraDaos(String host, int port, ObjectMapper mapper) {
        this.session = Cluster.builder()
                .addContactPoint(host)
                .withPort(port)
                .withoutJMXReporting()
                .build()
                .connect();
        this.mapper = mapper;
    }

    /** Those in a keyspace, by the names that commands give them; they create what lacks there. */
    Map<String, Object> in(String keyspace) {
        CassandraProperties properties = new CassandraProperties();
        properties.setKeyspace(keyspace);
        properties.setReplicationFactorValue(1);
        Statements statements = new Statements(keyspace);
        return Map.of(
                "execution", new CassandraExecutionDAO(session, mapper, properties, statements),
                "metadata", new CassandraMetadataDAO(session, mapper, properties, statements),
                "event_handlers", new CassandraEventHandlerDAO(session, mapper, properties, statements));
    }
}
