package podium.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;

/** One method of a DAO with its arguments, ready to be called. */
final class Call {
    private final Object dao;
    private final Method method;
    private final Object[] arguments;

    private Call(Object dao, Method method, Object[] arguments) {
        this.dao = dao;
        this.method = method;
        this.arguments = arguments;
    }

    /** Finds the method by its name and the number of its arguments, and reads these as its parameters' types. */
    static Call of(Object dao, String name, JsonNode arguments, ObjectMapper mapper) throws IOException {
        List<Method> found = Arrays.stream(dao.getClass().getMethods())
                .filter(method -> method.getName().equals(name) && !method.isBridge())
                .filter(method -> method.getParameterCount() == arguments.size())
                .toList();
        if (found.size() != 1) {
            throw new IllegalArgumentException(
                    found.size() + " methods are called " + name + " and take " + arguments.size() + " arguments");
        }
        Method method = found.get(0);
        Object[] values = new Object[arguments.size()];
        for (int at = 0; at < values.length; at++) {
            values[at] = mapper.readerFor(mapper.constructType(method.getGenericParameterTypes()[at]))
                    .readValue(arguments.get(at));
        }
        return new Call(dao, method, values);
    }

    Object run() throws Throwable {
        try {
            return method.invoke(dao, arguments);
        } catch (InvocationTargetException thrown) {
            throw thrown.getCause();
        }
    }
}
