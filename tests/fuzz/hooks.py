"""What the fuzzer must know of this API beyond its document."""

import json

import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase

# Codes that the document could have foretold: a request that fits it must not meet them. A 422 with any other code
# speaks of the ward's data or of two fields together.
FORM = {"malformed_body", "malformed_query", "missing_field", "unknown_field", "invalid_value", "too_long"}


@schemathesis.hook
def map_query(ctx, query):
    """A long poll may wait for half a minute; nothing is learnt from waiting."""
    if isinstance(query, dict) and isinstance(query.get("wait"), int) and query["wait"] > 1:
        query["wait"] = 1
    return query


# Ids that answers gave, by the path that takes them: `/api/v1/plans/{id}`.
met = {}


def resource_of(path):
    return path[: path.index("}") + 1] if "}" in path else path


@schemathesis.hook
def after_call(ctx, case, response):
    """Keeps the ids to which the answer links, of a list's first rows as well as of the very first."""
    body = body_of(response)
    links = case.operation.definition.raw["responses"].get(str(response.status_code), {}).get("links", {})
    # The fuzzer adds links that it infers; those have no name.
    for link in [link for link in links.values() if body and "operationId" in link]:
        path = next(
            path
            for path, methods in case.operation.schema.raw_schema["paths"].items()
            if any(one.get("operationId") == link["operationId"] for one in methods.values())
        )
        for name, expression in link["parameters"].items():
            if "{" + name + "}" not in resource_of(path):
                continue
            pointer = expression.partition("#")[2]
            ids = [value_at(body, pointer.replace("/0/", f"/{row}/")) for row in range(20)]
            known = met.setdefault(resource_of(path), [])
            known += sorted({one for one in ids if isinstance(one, str)} - set(known))
            del known[:-50]


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """Chains of calls begin with what is there: made-up ids, filters and used keys lead nowhere; other phases send them."""
    if case.meta is None or case.meta.phase.name != TestPhase.STATEFUL:
        return
    case.headers.pop("Idempotency-Key", None)
    parameters = {one["name"]: one.get("required") for one in case.operation.definition.raw.get("parameters", [])}
    if "cursor" in parameters and case.query:
        case.query = {name: value for name, value in case.query.items() if parameters.get(name)}
    known, given = met.get(resource_of(case.operation.path), []), case.path_parameters or {}
    if known and "id" in given and given["id"] not in known:
        case.path_parameters["id"] = known[sum(str(given["id"]).encode()) % len(known)]


def value_at(body, pointer):
    """The value that a JSON pointer names, if the body has it."""
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        try:
            body = body[int(part)] if isinstance(body, list) else body[part]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    return body


def is_beyond_schemas(fault, body):
    """Faults that JSON Schema has no word for."""
    value = value_at(body, fault.get("pointer", ""))
    if fault.get("code") == "invalid_value" and isinstance(value, float):
        # To JSON Schema `80.0` is an integer, here it is not written as one; and figures have four decimal places,
        # which `multipleOf` cannot say of binary floats.
        return value.is_integer() or round(value, 4) != value
    if fault.get("pointer", "").startswith("/allowed_networks/"):
        # No format of JSON Schema names a network.
        return True
    # Control characters in text are refused everywhere; no schema of ours repeats it for each field.
    return fault.get("code") == "control_character"


def body_of(response):
    try:
        body = json.loads(response.content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


@schemathesis.check
def faults_of_form(ctx, response, case):
    """A request that fits the document is refused for what it means, never for how it is written."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code not in (400, 422):
        return
    problem = body_of(response)
    # A cursor is one that a page gave; the OAuth calls refuse in the words of RFC 6749, with 400 (section 5.2).
    if problem.get("code") == "invalid_cursor" or case.operation.path.startswith("/api/v1/auth/"):
        return
    faults = problem.get("errors", [])
    known = [fault for fault in faults if is_beyond_schemas(fault, case.body)]
    found = [fault for fault in faults if fault.get("code") in FORM and fault not in known]
    if found or (response.status_code == 400 and not known):
        named = "; ".join(f"{fault.get('pointer')}: {fault.get('code')}" for fault in found)
        raise AssertionError(f"the document allows what is refused for its form: {named or problem.get('code')}")


@schemathesis.check
def faulty_rows_are_rejected(ctx, response, case):
    """A batch that does not fit the document is refused, or else its faulty rows are."""
    if case.operation.definition.raw.get("operationId") != "create_batch" or response.status_code != 200:
        return
    if case.meta is None or not case.meta.generation.mode.is_negative:
        return
    component = case.meta.components.get(ParameterLocation.BODY)
    if component is None or not component.mode.is_negative:
        return
    if not any(row.get("outcome") == "rejected" for row in body_of(response).get("rows", [])):
        raise AssertionError("a batch that does not fit the document was taken as a whole")
