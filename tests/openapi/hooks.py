"""What Schemathesis can't learn from a document: values that only the service gives, and what they mean.

A request that keeps to the document must be answered. For that, what it names must be there: a cursor comes from a page, an
area is one of Rwanda, an Idempotency-Key is new for each request. Requests that are meant to be wrong stay as they are.
"""

import io
import itertools
import os
import re
import uuid

import openpyxl
import schemathesis

# Names keys in their order, so that the same seed asks the same.
numbers = itertools.count()


@schemathesis.serializer("application/vnd.ihuriro.sync+cbor")
def sync(ctx, value):
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.serializer("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
def workbook(ctx, value):
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.serializer("text/csv")
def sheet(ctx, value):
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is not None and not case.meta.generation.mode.is_positive:
        return
    if case.headers and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = f'"{uuid.uuid5(uuid.NAMESPACE_URL, str(next(numbers)))}"'
    asks_for_others(case)
    query = case.query or {}
    query.pop("after", None)
    for name in ("area", "below"):
        if name in query:
            query[name] = "52"


# What another organisation recorded: its ids, and words, codes and numbers that stand nowhere else. Nobody who asks here may be told
# any of it.
IDS = os.environ.get("IHURIRO_PLANTED_IDS", "").split()
WORDS = os.environ.get("IHURIRO_PLANTED_WORDS", "").split()
turns = itertools.cycle(IDS)
# Addresses at which whoever asks here is told ids of every organisation, but no words.
PLACES = os.environ.get("IHURIRO_IDS_ARE_TOLD_AT", "").split()


def asks_for_others(case):
    """Every other request that names a record names one of the other organisation."""
    if not IDS or next(numbers) % 2:
        return
    for place in (case.path_parameters, case.query):
        for name in ("id", "group", "organisation", "object"):
            if place and name in place:
                place[name] = next(turns)


def words_of(response):
    """What an answer says; of a workbook, what stands in its cells."""
    if not response.content.startswith(b"PK"):
        return response.text
    book = openpyxl.load_workbook(io.BytesIO(response.content))
    return "\n".join(str(cell) for sheet in book for line in sheet.iter_rows(values_only=True) for cell in line)


@schemathesis.check
def nothing_of_another_organisation(ctx, response, case):
    """No answer holds what another organisation recorded."""
    # The audit log has numbers of its own, and says which ids somebody asked for in vain.
    audit = case.path.endswith("/audit")
    id_is_theirs = audit or any(case.path.startswith(place) for place in PLACES)
    said = words_of(response)
    for word in WORDS:
        told = re.search(rf"\b{re.escape(word)}\b", said)
        assert told is None or (audit and word.isdigit()), f"{word} is another organisation's"
    asked = f"{case.path_parameters} {case.query} {case.body}"
    for one in IDS:
        told = one in said and one not in asked
        assert id_is_theirs or not told, f"{one} is another organisation's"
