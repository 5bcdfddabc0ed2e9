package example;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.client.api.ServerValidationModeEnum;
import ca.uhn.fhir.rest.client.interceptor.BearerTokenAuthInterceptor;
import ca.uhn.fhir.rest.server.exceptions.BaseServerResponseException;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.DateType;
import org.hl7.fhir.r4.model.Enumerations.AdministrativeGender;
import org.hl7.fhir.r4.model.OperationOutcome;
import org.hl7.fhir.r4.model.Patient;

/**
 * Registers a patient by a FHIR R4 transaction. Run it again with the same CHART_NUMBER, and
 * nothing is said twice. A refusal names the element and the fix.
 */
public final class SendFhir {
    public static void main(String[] arguments) {
        FhirContext context = FhirContext.forR4();
        context.getRestfulClientFactory().setServerValidationMode(ServerValidationModeEnum.NEVER);
        IGenericClient client =
                context.newRestfulGenericClient(System.getenv("MAINSTAY_URL") + "/fhir");
        client.registerInterceptor(
                new BearerTokenAuthInterceptor(System.getenv("MAINSTAY_FHIR_KEY")));

        Patient patient = new Patient();
        patient.addIdentifier()
                .setSystem("urn:example:our-ehr")
                .setValue(System.getenv().getOrDefault("CHART_NUMBER", "50077"))
                .getType().addCoding()
                .setSystem("http://terminology.hl7.org/CodeSystem/v2-0203").setCode("MR");
        patient.addName().setFamily("Sample").addGiven("Gus");
        patient.setGender(AdministrativeGender.MALE);
        patient.setBirthDateElement(new DateType("1977-08-30"));

        Bundle transaction = new Bundle().setType(Bundle.BundleType.TRANSACTION);
        transaction.addEntry()
                .setFullUrl("urn:uuid:6f1d1d5e-1f0e-4e62-9e55-0b6f8a6b6c11")
                .setResource(patient)
                .getRequest().setMethod(Bundle.HTTPVerb.POST).setUrl("Patient");
        try {
            Bundle answer = client.transaction().withBundle(transaction).execute();
            System.out.println("taken " + answer.getEntryFirstRep().getResponse().getStatus());
        } catch (BaseServerResponseException refused) {
            var outcome = (OperationOutcome) refused.getOperationOutcome();
            for (var issue : outcome.getIssue()) {
                System.out.println("refused " + issue.getExpression() + " " + issue.getDiagnostics());
            }
            System.exit(1);
        }
    }
}
