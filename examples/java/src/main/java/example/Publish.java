package example;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Registers a patient by writing one CloudEvent to the ingest topic, in binary mode. Run it again
 * with the same EVENT_ID and PATIENT_ID, and nothing happens twice.
 */
public final class Publish {
    private static final String KEY = System.getenv("MAINSTAY_KEY"); // msk_<practice>_<connection>_<secret>

    public static void main(String[] arguments) throws Exception {
        String eventId = System.getenv().getOrDefault("EVENT_ID", UUID.randomUUID().toString());
        String patientId = System.getenv().getOrDefault("PATIENT_ID", UUID.randomUUID().toString());
        byte[] data = """
                {
                  "practice_id": "%s",
                  "patient_id": "%s",
                  "mrn": "10079",
                  "person": {"family": "Sample", "given": "Cy", "birth_on": "1984-07-21", "sex": "U"}
                }""".formatted(practiceId(), patientId).getBytes(UTF_8);

        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("content-type", "application/json");
        headers.put("ce_specversion", "1.0");
        headers.put("ce_id", eventId);
        headers.put("ce_source", "/our-ehr/registration");
        headers.put("ce_type", "interop.patient-registered.v1");
        headers.put("ce_time", Instant.now().toString());
        headers.put("mainstay-connection", KEY.substring(0, 69)); // the key without its secret
        headers.put("mainstay-signature", signature(headers, data));

        // One patient's events stay in order, because the patient's id is the record's key.
        ProducerRecord<String, byte[]> record =
                new ProducerRecord<>("interop.ingest", patientId, data);
        headers.forEach((name, text) -> record.headers().add(name, text.getBytes(UTF_8)));

        // A cluster asks for more: security.protocol, sasl.* or ssl.*, as its operator gave them to you.
        Map<String, Object> settings = Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, System.getenv("MAINSTAY_KAFKA"),
                ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        try (var producer =
                new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer())) {
            producer.send(record).get(); // throws where Kafka did not take it
        }
        System.out.println(eventId + " " + patientId);
    }

    private static String practiceId() {
        return KEY.split("_")[1]
                .replaceFirst("(.{8})(.{4})(.{4})(.{4})(.{12})", "$1-$2-$3-$4-$5");
    }

    /** HMAC-SHA-256 with the SHA-256 of the key, so that the key itself is never on a broker. */
    private static String signature(Map<String, String> headers, byte[] value) throws Exception {
        var signed = new ByteArrayOutputStream();
        for (String name : List.of("content-type", "ce_id", "ce_source", "ce_type")) {
            signed.write((headers.getOrDefault(name, "") + "\n").getBytes(UTF_8));
        }
        signed.write(value);
        byte[] key = MessageDigest.getInstance("SHA-256").digest(KEY.getBytes(UTF_8));
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return HexFormat.of().formatHex(mac.doFinal(signed.toByteArray()));
    }
}
