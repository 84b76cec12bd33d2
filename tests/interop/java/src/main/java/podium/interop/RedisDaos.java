package podium.interop;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.netflix.conductor.core.config.ConductorProperties;
import com.netflix.conductor.redis.config.RedisProperties;
import com.netflix.conductor.redis.dao.RedisEventHandlerDAO;
import com.netflix.conductor.redis.dao.RedisExecutionDAO;
import com.netflix.conductor.redis.dao.RedisMetadataDAO;
import com.netflix.conductor.redis.dao.RedisPollDataDAO;
import com.netflix.conductor.redis.dao.RedisRateLimitingDAO;
import com.netflix.conductor.redis.jedis.JedisProxy;
import com.netflix.conductor.redis.jedis.JedisStandalone;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.orkes.conductor.queue.config.QueueRedisProperties;
import io.orkes.conductor.queue.dao.RedisQueueDAO;
import java.time.Duration;
import java.util.Map;
import redis.clients.jedis.JedisPool;
import redis.clients.jedis.JedisPoolConfig;

/** Conductor's DAOs on one Redis. */
final class RedisDaos {
    // The shortest there is; a server's own is a minute.
    private static final Duration TASK_DEF_CACHE = Duration.ofSeconds(1);

    private final JedisPool pool;
    private final ObjectMapper mapper;

    RedisDaos(String host, int port, int connections, ObjectMapper mapper) {
        JedisPoolConfig config = new JedisPoolConfig();
        config.setMaxTotal(connections);
        config.setMaxIdle(connections);
        this.pool = new JedisPool(config, host, port);
        this.mapper = mapper;
    }

    /** Those below a key prefix, by the names that commands give them. */
    Map<String, Object> below(String prefix) {
        ConductorProperties conductor = new ConductorProperties();
        RedisProperties redis = new RedisProperties(conductor);
        redis.setWorkflowNamespacePrefix(prefix);
        redis.setTaskDefCacheRefreshInterval(TASK_DEF_CACHE);
        QueueRedisProperties queues = new QueueRedisProperties(conductor);
        queues.setQueueNamespacePrefix(prefix + "_queues");
        queues.setAvailabilityZone("us-east-1c");
        JedisProxy jedis = new JedisProxy(new JedisStandalone(pool));
        return Map.of(
                "execution", new RedisExecutionDAO(jedis, mapper, conductor, redis),
                "metadata", new RedisMetadataDAO(jedis, mapper, conductor, redis),
                "event_handlers", new RedisEventHandlerDAO(jedis, mapper, conductor, redis),
                "poll_data", new RedisPollDataDAO(jedis, mapper, conductor, redis),
                "rate_limits", new RedisRateLimitingDAO(jedis, mapper, conductor, redis),
                "queues", new RedisQueueDAO(new SimpleMeterRegistry(), pool, queues, conductor));
    }
}
