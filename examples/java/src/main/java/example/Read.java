package example;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Reads a domain topic; each event has its effect once. Kafka and Mainstay's relay deliver at least
 * once. The header ce_sequence (epoch, hyphen, number; zero-padded, so it sorts as text) goes up by
 * one within a partition: what is not above the last one handled was handled. Keep that place where
 * the effect is kept, and move both at once; here both are in one file, replaced whole.
 *
 * <p>Arguments: a topic, and the seconds without an event after which to stop.
 */
public final class Read {
    private static final Path FILE = Path.of(System.getenv().getOrDefault("STATE", "events.properties"));

    public static void main(String[] arguments) throws Exception {
        String topic = arguments[0];
        Duration patience = Duration.ofSeconds(arguments.length > 1 ? Long.parseLong(arguments[1]) : 3600);
        Map<String, Object> settings = Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, System.getenv("MAINSTAY_KAFKA"),
                ConsumerConfig.GROUP_ID_CONFIG, System.getenv().getOrDefault("GROUP", "our-ehr-java"),
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest",
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        Properties kept = load();
        try (var consumer = new KafkaConsumer<>(
                settings, new StringDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(List.of(topic));
            long quietSince = System.nanoTime();
            while (System.nanoTime() - quietSince < patience.toNanos()) {
                var records = consumer.poll(Duration.ofMillis(500));
                for (var record : records) {
                    System.out.println(handle(record, kept));
                }
                // Joining the group takes a while; only then does silence mean that there is nothing.
                if (!records.isEmpty() || consumer.assignment().isEmpty()) {
                    quietSince = System.nanoTime();
                }
                consumer.commitSync(); // only a hint of where to go on
            }
        }
    }

    /** The effect (a count for each key) and the place move together. */
    private static String handle(ConsumerRecord<String, byte[]> record, Properties kept)
            throws IOException {
        String sequence = header(record, "ce_sequence");
        String place = "place." + record.topic() + "." + record.partition();
        String last = kept.getProperty(place, "");
        if (!last.isEmpty() && sequence.substring(0, 4).compareTo(last.substring(0, 4)) < 0) {
            // A restored Mainstay raises its epoch, so an older one cannot be right. Do not skip it.
            throw new IllegalStateException("an older epoch on " + place + ": ask Mainstay's operator");
        }
        if (sequence.compareTo(last) <= 0) {
            return sequence + " seen before";
        }
        String type = header(record, "ce_type");
        if (type.equals("mainstay.epoch-begun.v1")) {
            kept.setProperty(place, sequence); // a mark where a new epoch begins; no event
            save(kept);
            return sequence + " begins an epoch";
        }
        String effect = "events." + record.topic() + "." + record.key();
        int count = Integer.parseInt(kept.getProperty(effect, "0"));
        kept.setProperty(effect, Integer.toString(count + 1));
        kept.setProperty(place, sequence);
        save(kept);
        return sequence + " handled " + type + " " + record.key();
    }

    private static String header(ConsumerRecord<String, byte[]> record, String name) {
        return new String(record.headers().lastHeader(name).value(), UTF_8);
    }

    private static Properties load() throws IOException {
        var kept = new Properties();
        if (Files.exists(FILE)) {
            try (var in = Files.newBufferedReader(FILE)) {
                kept.load(in);
            }
        }
        return kept;
    }

    private static void save(Properties kept) throws IOException {
        Path part = FILE.resolveSibling(FILE.getFileName() + ".part");
        try (Writer out = Files.newBufferedWriter(part)) {
            kept.store(out, null);
        }
        Files.move(part, FILE, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
