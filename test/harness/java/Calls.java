import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs Read and Write one call after the other, until its input ends. A call is a line with the program, its arguments
 * and how many lines of input follow. Behind its output comes a line that says how it ended.
 */
public class Calls {
  static void call(String program, String[] arguments, List<String> input) throws Exception {
    switch (program) {
      case "Read":
        Read.run(arguments);
        break;
      case "Write":
        Write.run(arguments, input);
        break;
      default:
        throw new IllegalArgumentException(program);
    }
  }

  public static void main(String[] none) throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      JsonNode call = mapper.readTree(line);
      String[] arguments = mapper.convertValue(call.get("arguments"), String[].class);
      List<String> lines = new ArrayList<>();
      while (lines.size() < call.get("lines").intValue()) lines.add(input.readLine());
      ObjectNode end = mapper.createObjectNode();
      try {
        call(call.get("program").asText(), arguments, lines);
        end.put("ended", "well");
      } catch (Exception thrown) {
        StringWriter trace = new StringWriter();
        thrown.printStackTrace(new PrintWriter(trace));
        end.put("ended", trace.toString());
      }
      System.out.print(end + "\n");
      System.out.flush();
    }
  }
}
