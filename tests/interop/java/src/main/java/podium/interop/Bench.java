package podium.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** Runs one method many times from several threads; "{n}" in the arguments is the number of the call. */
final class Bench {
    private Bench() {}

    /** The milliseconds from the first call to the last answer. The first call that fails fails the whole. */
    static double run(Object dao, JsonNode command, ObjectMapper mapper) throws Throwable {
        List<Call> calls = calls(dao, command, mapper);
        AtomicInteger next = new AtomicInteger();
        int threads = command.get("threads").asInt();
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            long began = System.nanoTime();
            List<Future<Void>> workers = new ArrayList<>();
            for (int at = 0; at < threads; at++) {
                workers.add(pool.submit(() -> runAll(calls, next)));
            }
            for (Future<Void> worker : workers) {
                worker.get();
            }
            return (System.nanoTime() - began) / 1e6;
        } catch (ExecutionException failed) {
            throw failed.getCause();
        } finally {
            pool.shutdownNow();
        }
    }

    private static List<Call> calls(Object dao, JsonNode command, ObjectMapper mapper) throws IOException {
        String arguments = mapper.writeValueAsString(command.get("args"));
        int first = command.path("first").asInt();
        List<Call> calls = new ArrayList<>();
        for (int at = 0; at < command.get("count").asInt(); at++) {
            JsonNode own = mapper.readTree(arguments.replace("{n}", Integer.toString(first + at)));
            calls.add(Call.of(dao, command.get("method").asText(), own, mapper));
        }
        return calls;
    }

    private static Void runAll(List<Call> calls, AtomicInteger next) throws Exception {
        for (int at = next.getAndIncrement(); at < calls.size(); at = next.getAndIncrement()) {
            try {
                calls.get(at).run();
            } catch (Exception | Error thrown) {
                throw thrown;
            } catch (Throwable thrown) {
                throw new IllegalStateException(thrown);
            }
        }
        return null;
    }
}
