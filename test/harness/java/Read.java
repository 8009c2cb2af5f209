import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Arguments: a topic, then properties of a consumer, name=value. A record per line, up to where each partition ends now. */
public class Read {
  static String line(ObjectMapper mapper, ConsumerRecord<byte[], byte[]> record) {
    ObjectNode line = mapper.createObjectNode();
    line.put("partition", record.partition());
    line.put("offset", record.offset());
    line.put("timestampMs", record.timestamp());
    line.put("key", record.key());
    line.put("value", record.value());
    ArrayNode headers = line.putArray("headers");
    for (Header header : record.headers()) headers.addArray().add(header.key()).add(header.value());
    return line + "\n";
  }

  /** A busy server may not know of the topic yet: an empty answer is none. */
  static List<PartitionInfo> partitionsOf(KafkaConsumer<byte[], byte[]> consumer, String topic) throws InterruptedException {
    for (int tries = 0; tries < 100; tries++) {
      List<PartitionInfo> found = consumer.partitionsFor(topic);
      if (found != null && !found.isEmpty()) return found;
      Thread.sleep(100);
    }
    throw new IllegalStateException("there is no topic " + topic);
  }

  static void run(String[] arguments) throws InterruptedException {
    Properties properties = new Properties();
    for (int i = 1; i < arguments.length; i++) {
      int end = arguments[i].indexOf('=');
      properties.put(arguments[i].substring(0, end), arguments[i].substring(end + 1));
    }
    // Where the client loses its place it begins anew; by default it would leave out everything up to the end.
    properties.putIfAbsent("auto.offset.reset", "earliest");
    ObjectMapper mapper = new ObjectMapper();
    ByteArrayDeserializer plain = new ByteArrayDeserializer();
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties, plain, plain)) {
      List<TopicPartition> partitions =
          partitionsOf(consumer, arguments[0]).stream()
              .map(info -> new TopicPartition(info.topic(), info.partition()))
              .collect(Collectors.toList());
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      var ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(partition -> consumer.position(partition) < ends.get(partition))) {
        StringBuilder output = new StringBuilder();
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) output.append(line(mapper, record));
        System.out.print(output);
      }
    }
  }
}
