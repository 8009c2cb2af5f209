import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Arguments: properties of a producer, name=value. A record per line of input, where it went per line of output. */
public class Write {
  static byte[] bytes(JsonNode node) throws Exception {
    return node == null || node.isNull() ? null : node.binaryValue();
  }

  static ProducerRecord<byte[], byte[]> record(JsonNode line) throws Exception {
    Integer partition = line.has("partition") ? line.get("partition").intValue() : null;
    Long timestamp = line.has("timestampMs") ? line.get("timestampMs").longValue() : null;
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(line.get("topic").asText(), partition, timestamp, bytes(line.get("key")), bytes(line.get("value")));
    for (JsonNode header : line.get("headers")) record.headers().add(header.get(0).asText(), bytes(header.get(1)));
    return record;
  }

  static void run(String[] arguments, List<String> input) throws Exception {
    Properties properties = new Properties();
    for (String argument : arguments) {
      int end = argument.indexOf('=');
      properties.put(argument.substring(0, end), argument.substring(end + 1));
    }
    ObjectMapper mapper = new ObjectMapper();
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    ByteArraySerializer plain = new ByteArraySerializer();
    try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(properties, plain, plain)) {
      boolean transaction = properties.containsKey("transactional.id");
      if (transaction) {
        producer.initTransactions();
        producer.beginTransaction();
      }
      for (String line : input) sent.add(producer.send(record(mapper.readTree(line))));
      if (transaction) producer.commitTransaction();
      producer.flush();
      StringBuilder output = new StringBuilder();
      for (Future<RecordMetadata> future : sent) {
        RecordMetadata place = future.get();
        output.append("{\"partition\":" + place.partition() + ",\"offset\":" + place.offset() + "}\n");
      }
      System.out.print(output);
    }
  }
}
