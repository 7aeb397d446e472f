// From a unit's draft to the portal's figure, with a client made by openapi-typescript and openapi-fetch.
import assert from "node:assert/strict";

import createClient, { type Client } from "openapi-fetch";

import type { components, paths } from "./schema.d.ts";

type Schemas = components["schemas"];

const baseUrl = process.argv[2];
assert(baseUrl, "usage: walk.js ADDRESS");
const password = process.env.CCHC_DEMO_PASSWORD ?? "long-my-2026";

/** The answer, or an end that names the refusal. */
function got<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  assert(answer.response.ok, `${answer.response.url}: ${JSON.stringify(answer.error)}`);
  assert(answer.data !== undefined, `${answer.response.url} answers nothing`);
  return answer.data;
}

/** A client that sends the token which this form is worth. */
async function signIn(form: Schemas["TokenForm"]): Promise<Client<paths>> {
  const answer = await createClient<paths>({ baseUrl: baseUrl! }).POST("/api/v1/auth/token", {
    body: form,
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    bodySerializer: (body) => new URLSearchParams(Object.entries(body) as [string, string][]),
  });
  const { access_token } = got(answer);
  return createClient<paths>({ baseUrl: baseUrl!, headers: { Authorization: `Bearer ${access_token}` } });
}

const as = (username: string) => signIn({ grant_type: "password", username, password });

function only<T>(found: T[], what: string): T {
  const [first, ...others] = found;
  assert(first !== undefined && others.length === 0, `${found.length} of ${what}, not one`);
  return first;
}

const staff = await as("ktht.staff");
const plans = got(await staff.GET("/api/v1/plans", { params: { query: { year: 2026 } } }));
const plan = only(plans.items, "the plan of 2026");
const path = { id: plan.id };
const found = got(
  await staff.GET("/api/v1/plans/{id}/items", { params: { path, query: { kind: "indicator", q: "II.2.k" } } }),
);
const item = only(found.items, "II.2.k");
// `kind` tells the shapes of an item apart.
assert(item.kind === "indicator");
assert.equal(item.measure?.kind, "ratio");
const periods = got(await staff.GET("/api/v1/plans/{id}/periods", { params: { path } }));
const period = only(
  periods.items.filter(({ code }) => code === "2026-H1"),
  "2026-H1",
);

const draft = got(
  await staff.POST("/api/v1/submissions", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: {
      item_id: item.id,
      period_id: period.id,
      numerator: 940,
      denominator: 1000,
      explanation: {
        cause: "subjective",
        what_happened: "Một số hồ sơ trễ hạn",
        remedy: "Phân công lại",
        new_date: "2026-09-30",
      },
    },
  }),
);
assert.equal(draft.state, "draft");
assert.equal(draft.rate, 94);

const refused = await staff.POST("/api/v1/submissions/{id}/decisions", {
  params: { path: { id: draft.id } },
  body: { action: "verify" },
});
assert.equal(refused.response.status, 403);
assert.equal(refused.error?.code, "not_your_step");

const moves: [string, Schemas["Action"], Schemas["SubmissionState"]][] = [
  ["ktht.head", "submit", "submitted"],
  ["hcc.head", "verify", "verified"],
  ["vhxh.head", "endorse", "endorsed"],
  ["leader", "approve", "approved"],
];
for (const [username, action, state] of moves) {
  const client = await as(username);
  const decided = got(
    await client.POST("/api/v1/submissions/{id}/decisions", {
      params: { path: { id: draft.id } },
      body: { action },
    }),
  );
  assert.equal(decided.submission.state, state);
}

const leader = await as("leader");
const publication = got(
  await leader.POST("/api/v1/periods/{id}/publications", { params: { path: { id: period.id } } }),
);

const portal = await signIn({
  grant_type: "client_credentials",
  client_id: "city-portal",
  client_secret: password,
});
const results = got(
  await portal.GET("/public/v1/wards/{code}/results", {
    params: { path: { code: "long-my" }, query: { year: 2026, period: "2026-H1" } },
  }),
);
// It is a text only where `format=csv` asks for a table.
assert(typeof results !== "string");
assert.equal(results.publication.number, publication.number);
const figure = only(
  results.items.filter(({ code }) => code === "II.2.k"),
  "published II.2.k",
);
assert.deepEqual([figure.numerator, figure.denominator, figure.rate], [940, 1000, 94]);
assert.deepEqual(
  figure.verdicts.map(({ verdict }) => verdict),
  ["met", "near"],
);
console.log(`TypeScript: II.2.k is published at ${figure.rate} %`);
