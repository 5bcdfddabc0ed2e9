package example;

import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.app.Connection;
import ca.uhn.hl7v2.model.v251.datatype.CX;
import ca.uhn.hl7v2.model.v251.message.ACK;
import ca.uhn.hl7v2.model.v251.message.ADT_A01;
import ca.uhn.hl7v2.model.v251.segment.ERR;
import ca.uhn.hl7v2.model.v251.segment.PID;
import java.util.UUID;

/**
 * Registers a patient by HL7 v2.5.1 over MLLP, and prints what the acknowledgement says. Run it
 * again with the same CONTROL_ID, and nothing happens twice.
 */
public final class SendHl7 {
    public static void main(String[] arguments) throws Exception {
        String[] address = System.getenv("MAINSTAY_MLLP").split(":");
        String[] sender = System.getenv("MAINSTAY_HL7_SENDER").split("\\|");

        ADT_A01 message = new ADT_A01(); // ADT^A04 has the structure of A01
        message.initQuickstart("ADT", "A04", "P");
        message.getMSH().getMsh3_SendingApplication().getNamespaceID().setValue(sender[0]);
        message.getMSH().getMsh4_SendingFacility().getNamespaceID().setValue(sender[1]);
        message.getMSH().getMsh8_Security().setValue(System.getenv("MAINSTAY_HL7_KEY"));
        message.getMSH().getMsh10_MessageControlID().setValue(System.getenv()
                .getOrDefault("CONTROL_ID", UUID.randomUUID().toString().substring(0, 20)));

        PID patient = message.getPID();
        CX chart = patient.getPid3_PatientIdentifierList(0);
        chart.getIDNumber().setValue("40077");
        chart.getAssigningAuthority().getNamespaceID().setValue("OUREHR");
        chart.getIdentifierTypeCode().setValue("MR");
        patient.getPid5_PatientName(0).getFamilyName().getSurname().setValue("Sample");
        patient.getPid5_PatientName(0).getGivenName().setValue("Fay");
        patient.getPid7_DateTimeOfBirth().getTime().setValue("19830209");
        patient.getPid8_AdministrativeSex().setValue("F");
        message.getPV1().getPv12_PatientClass().setValue("O");

        try (var context = new DefaultHapiContext()) {
            Connection connection =
                    context.newClient(address[0], Integer.parseInt(address[1]), false);
            ACK answer = (ACK) connection.getInitiator().sendAndReceive(message);
            System.out.println(answer.getMSA().getAcknowledgmentCode().getValue()
                    + " " + answer.getMSA().getMessageControlID().getValue());
            for (ERR wrong : answer.getERRAll()) {
                if (!wrong.isEmpty()) {
                    System.out.println("  what to do: " + wrong.getErr8_UserMessage().getValue());
                }
            }
            connection.close();
        }
    }
}
