"""From a unit's draft to the portal's figure, with a client made by openapi-python-client."""

import datetime
import os
import sys
import uuid
from http import HTTPStatus
from typing import TypeVar

from client import AuthenticatedClient, Client
from client.api.auth import create_token
from client.api.decisions import create_decision
from client.api.items import list_items
from client.api.periods import list_periods
from client.api.plans import list_plans
from client.api.public import get_public_results
from client.api.publications import create_publication
from client.api.submissions import create_submission
from client.models import (
    Action,
    Cause,
    CreateDecision,
    CreateSubmission,
    DecidedView,
    Explanation,
    IndicatorView,
    ItemKind,
    PageItemView,
    PagePeriodView,
    PagePlanView,
    ProblemBody,
    PublicationView,
    PublicResults,
    SubmissionState,
    SubmissionView,
    TokenForm,
    TokenView,
    Verdict,
)

BASE_URL = sys.argv[1]
PASSWORD = os.environ.get("CCHC_DEMO_PASSWORD", "long-my-2026")

T = TypeVar("T")


def got(kind: type[T], answer: object) -> T:
    """The answer, or an end that shows the refusal."""
    assert isinstance(answer, kind), answer
    return answer


def only(found: list[T]) -> T:
    assert len(found) == 1, found
    return found[0]


def sign_in(form: TokenForm) -> AuthenticatedClient:
    """A client that sends the token which this form is worth."""
    client = Client(base_url=BASE_URL, raise_on_unexpected_status=True)
    token = got(TokenView, create_token.sync(client=client, body=form)).access_token
    return AuthenticatedClient(base_url=BASE_URL, token=token, raise_on_unexpected_status=True)


def act_as(username: str) -> AuthenticatedClient:
    return sign_in(TokenForm(grant_type="password", username=username, password=PASSWORD))


staff = act_as("ktht.staff")
plan = only(got(PagePlanView, list_plans.sync(client=staff, year=2026)).items)
items = list_items.sync(plan.id, client=staff, kind=ItemKind.INDICATOR, q="II.2.k")
# `kind` tells the shapes of an item apart.
item = got(IndicatorView, only(got(PageItemView, items).items))
periods = got(PagePeriodView, list_periods.sync(plan.id, client=staff)).items
period = only([period for period in periods if period.code == "2026-H1"])

draft = got(
    SubmissionView,
    create_submission.sync(
        client=staff,
        idempotency_key=str(uuid.uuid4()),
        body=CreateSubmission(
            item_id=item.id,
            period_id=period.id,
            numerator=940,
            denominator=1000,
            explanation=Explanation(
                cause=Cause.SUBJECTIVE,
                what_happened="Một số hồ sơ trễ hạn",
                remedy="Phân công lại",
                new_date=datetime.date(2026, 9, 30),
            ),
        ),
    ),
)
assert draft.state is SubmissionState.DRAFT, draft
assert draft.rate == 94, draft

refused = create_decision.sync_detailed(draft.id, client=staff, body=CreateDecision(action=Action.VERIFY))
assert refused.status_code is HTTPStatus.FORBIDDEN, refused
assert got(ProblemBody, refused.parsed).code == "not_your_step", refused

for username, action, state in [
    ("ktht.head", Action.SUBMIT, SubmissionState.SUBMITTED),
    ("hcc.head", Action.VERIFY, SubmissionState.VERIFIED),
    ("vhxh.head", Action.ENDORSE, SubmissionState.ENDORSED),
    ("leader", Action.APPROVE, SubmissionState.APPROVED),
]:
    decided = create_decision.sync(draft.id, client=act_as(username), body=CreateDecision(action=action))
    assert got(DecidedView, decided).submission.state is state, decided

publication = got(PublicationView, create_publication.sync(period.id, client=act_as("leader")))

portal = sign_in(TokenForm(grant_type="client_credentials", client_id="city-portal", client_secret=PASSWORD))
answer = get_public_results.sync("long-my", client=portal, year=2026, period="2026-H1")
results = got(PublicResults, answer)
assert results.publication.number == publication.number, results.publication
figure = only([result for result in results.items if result.code == "II.2.k"])
assert (figure.numerator, figure.denominator, figure.rate) == (940, 1000, 94), figure
assert [verdict.verdict for verdict in figure.verdicts] == [Verdict.MET, Verdict.NEAR], figure
print(f"Python: II.2.k is published at {figure.rate} %")
