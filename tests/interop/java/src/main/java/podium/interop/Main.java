package podium.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.netflix.conductor.common.config.ObjectMapperProvider;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/**
 * Conductor's DAOs on one Redis or Cassandra, called by lines of JSON on standard input; each answer is a line on standard output.
 *
 * <p>A call: {"id": 1, "prefix": "p", "dao": "metadata", "method": "getTaskDef", "args": ["t"]}. With "count" and "threads" it
 * is a bench, and its result the milliseconds. An answer: {"id": 1, "result": ...} or {"id": 1, "error": {"class", "message"}}.
 */
public final class Main {
    private static final int THREADS = 32;

    private final ObjectMapper mapper = new ObjectMapperProvider().getObjectMapper().registerModule(new Jdk8Module());
    private final Map<String, Map<String, Object>> daos = new ConcurrentHashMap<>();
    private final Function<String, Map<String, Object>> daosBelow;
    private final PrintStream answers;

    private Main(String store, String host, int port, PrintStream answers) {
        this.daosBelow = switch (store) {
            case "redis" -> new RedisDaos(host, port, 2 * THREADS, mapper)::below;
            case "cassandra" -> new CassandraDaos(host, port, mapper)::in;
            default -> throw new IllegalArgumentException("no store is called " + store);
        };
        this.answers = answers;
    }

    /** Takes what the store is, its host and its port; ends with standard input. */
    public static void main(String[] arguments) throws IOException {
        // Logs go to standard output by default, which is for answers.
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err);
        new Main(arguments[0], arguments[1], Integer.parseInt(arguments[2]), answers).serve();
        System.exit(0);
    }

    private void serve() throws IOException {
        ExecutorService workers = Executors.newFixedThreadPool(THREADS);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonNode command = mapper.readTree(line);
            workers.execute(() -> answer(command));
        }
    }

    private void answer(JsonNode command) {
        ObjectNode answer = mapper.createObjectNode();
        answer.set("id", command.get("id"));
        try {
            answer.set("result", mapper.valueToTree(result(command)));
        } catch (Throwable thrown) {
            ObjectNode error = answer.putObject("error");
            error.put("class", thrown.getClass().getSimpleName());
            error.put("message", String.valueOf(thrown.getMessage()));
        }
        synchronized (answers) {
            answers.println(answer);
        }
    }

    private Object result(JsonNode command) throws Throwable {
        String prefix = command.get("prefix").asText();
        String name = command.get("dao").asText();
        Object dao = daos.computeIfAbsent(prefix, daosBelow).get(name);
        if (dao == null) {
            throw new IllegalArgumentException("no DAO is called " + name);
        }
        if (command.has("threads")) {
            return Bench.run(dao, command, mapper);
        }
        return Call.of(dao, command.get("method").asText(), command.get("args"), mapper).run();
    }
}
