"""Revenue cycle: from a posted visit to cash, to the cent. The table of contents."""

from libs.events.transport import Job, Service
from services.billing.answers import api as refused_files
from services.billing.answers import held_api as held_answers
from services.billing.answers.look import look_into_mailboxes
from services.billing.answers.read import read_answers
from services.billing.balances import api as patient_balances
from services.billing.balances.assistance import api as assistance
from services.billing.balances.dunning import api as collections
from services.billing.balances.dunning.follow import dun
from services.billing.balances.dunning.model import DUN_TIMER
from services.billing.balances.payments import api as patient_payments
from services.billing.balances.payments.charge import charge_card
from services.billing.balances.payments.model import CHARGE_TIMER
from services.billing.balances.plans import api as payment_plans
from services.billing.balances.plans.follow import collect_instalment
from services.billing.balances.plans.model import INSTALMENT_TIMER
from services.billing.balances.policy import api as balance_policy
from services.billing.balances.refunds import api as refunds
from services.billing.balances.refunds.model import REFUND_TIMER
from services.billing.balances.refunds.pay_back import refund_card
from services.billing.balances.statements import api as statements
from services.billing.balances.statements.issue import (
    CYCLE_TIMER,
    STATEMENT_TIMER,
    bill_patients,
    issue_statement,
)
from services.billing.balances.unclaimed import api as unclaimed
from services.billing.balances.unclaimed import rules_api as unclaimed_rules
from services.billing.charges import api as fee_schedules
from services.billing.charges import lag_api as charge_lag
from services.billing.charges.handlers import correct_charges, post_charges, void_charges
from services.billing.claims import api as claims
from services.billing.claims import due_api as corrections
from services.billing.claims import replace_api as sent_again
from services.billing.claims.change import correct_claim
from services.billing.claims.due import CORRECT_TIMER
from services.billing.claims.follow_up import FOLLOW_UP_TIMER
from services.billing.claims.look_again import look_again
from services.billing.claims.release import LOOK_AGAIN_TIMER, SUBMIT_TIMER
from services.billing.claims.submit import submit_claims
from services.billing.coordination import api as further_payers
from services.billing.coordination.forward import (
    ASK_TIMER,
    CROSSOVER_TIMER,
    ask_next_payer,
    follow_crossover,
)
from services.billing.denials import api as denials
from services.billing.denials import limits_api as payer_limits
from services.billing.denials import proposals_api as rule_proposals
from services.billing.denials import reports_api as denial_reports
from services.billing.denials.deadlines import DEADLINE_TIMER, tell_deadline
from services.billing.deposits import api as deposits
from services.billing.deposits.handlers import DEPOSIT_TIMER, tell_missing_deposit
from services.billing.eligibility import api as eligibility
from services.billing.eligibility.ask import (
    BATCH_TIMER,
    BEFORE_TIMER,
    INQUIRE_TIMER,
    OVERDUE_TIMER,
    ask_before_visits,
    ask_by_file,
    give_up,
)
from services.billing.eligibility.handlers import (
    expect_changed_visit,
    expect_no_visit,
    expect_visit,
    know_changed_member,
    know_member,
)
from services.billing.eligibility.inquire import inquire
from services.billing.exchange import api as exchange
from services.billing.exchange.send import SEND_TIMER, send_interchange
from services.billing.facts.handlers import know_enrollment, know_practice, know_provider
from services.billing.ledger import api as ledger
from services.billing.office import api as office
from services.billing.patients import api as patients
from services.billing.patients.handlers import follow_merge, follow_unmerge
from services.billing.payers import api as payers
from services.billing.provider_adjustments import advances_api as advances
from services.billing.provider_adjustments import api as provider_adjustments
from services.billing.scrub import api as scrub
from services.billing.scrub import code_sets_api as code_sets
from services.billing.scrub import payer_rules_api as payer_rules
from services.billing.status.ask import STATUS_TIMER, ask_after_claims, follow_up
from services.billing.timeline import api as timeline
from services.billing.unmatched import api as unmatched
from services.billing.writeoffs import api as write_offs

service = Service(
    name="billing",
    handlers=[
        post_charges,
        correct_charges,
        void_charges,
        know_practice,
        know_provider,
        know_enrollment,
        follow_merge,
        follow_unmerge,
        know_member,
        know_changed_member,
        expect_visit,
        expect_changed_visit,
        expect_no_visit,
    ],
    timers={
        SUBMIT_TIMER: submit_claims,
        CORRECT_TIMER: correct_claim,
        LOOK_AGAIN_TIMER: look_again,
        ASK_TIMER: ask_next_payer,
        CROSSOVER_TIMER: follow_crossover,
        DEPOSIT_TIMER: tell_missing_deposit,
        DEADLINE_TIMER: tell_deadline,
        BEFORE_TIMER: ask_before_visits,
        BATCH_TIMER: ask_by_file,
        OVERDUE_TIMER: give_up,
        CYCLE_TIMER: bill_patients,
        STATEMENT_TIMER: issue_statement,
        DUN_TIMER: dun,
        INSTALMENT_TIMER: collect_instalment,
        FOLLOW_UP_TIMER: follow_up,
        STATUS_TIMER: ask_after_claims,
    },
    transmissions={
        SEND_TIMER: send_interchange,
        INQUIRE_TIMER: inquire,
        CHARGE_TIMER: charge_card,
        REFUND_TIMER: refund_card,
    },
    jobs=[
        Job("read-answers", every_seconds=0.25, run=read_answers),
        Job("look-into-mailboxes", every_seconds=10, run=look_into_mailboxes),
    ],
    routes=[
        fee_schedules.routes,
        charge_lag.routes,
        payers.routes,
        office.routes,
        payer_rules.routes,
        code_sets.routes,
        scrub.routes,
        claims.routes,
        corrections.routes,
        denial_reports.routes,
        rule_proposals.routes,
        denials.routes,
        payer_limits.routes,
        sent_again.routes,
        further_payers.routes,
        ledger.routes,
        write_offs.routes,
        patients.routes,
        advances.routes,
        provider_adjustments.routes,
        eligibility.routes,
        unmatched.routes,
        deposits.routes,
        refused_files.routes,
        exchange.routes,
        balance_policy.routes,
        patient_balances.routes,
        statements.routes,
        patient_payments.routes,
        collections.routes,
        payment_plans.routes,
        refunds.routes,
        unclaimed.routes,
        unclaimed_rules.routes,
        assistance.routes,
        held_answers.routes,
        timeline.routes,
    ],
)
