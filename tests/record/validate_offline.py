"""Run the public validator where there is no network: python validate_offline.py CRATE LEVEL CACHE.

It is run by the validator's own Python. What the validator would fetch, the JSON-LD contexts that
the crate names, is read from standard input (address -> document) and put into the validator's
HTTP cache, from which its offline mode takes it. Issues go to standard output as JSON.
"""

import io
import json
import sys

from requests import Response
from requests.adapters import BaseAdapter
from requests_cache import CachedSession
from rocrate_validator.models import Severity, ValidationSettings
from rocrate_validator.services import validate
from urllib3 import HTTPResponse

crate, level, cache = sys.argv[1:]
documents = json.load(sys.stdin)


class Shelf(BaseAdapter):
    """Answers for the network."""

    def send(self, request, **_):
        """The document of that address."""
        body = json.dumps(documents[request.url]).encode()
        headers = {"Content-Type": "application/ld+json"}
        response = Response()
        response.status_code, response.url, response.request = 200, request.url, request
        response.headers.update(headers)
        response.raw = HTTPResponse(io.BytesIO(body), headers, 200, preload_content=False)
        return response

    def close(self):
        """Nothing is open."""


session = CachedSession(cache, backend="sqlite", expire_after=-1)
session.mount("https://", Shelf())
for address in documents:
    session.get(address)
session.close()
result = validate(
    ValidationSettings(
        rocrate_uri=crate,
        profile_identifier="provenance-run-crate-0.5",
        requirement_severity=Severity[level],
        offline=True,
        cache_path=cache,
    )
)
issues = [
    f"{issue.check.identifier}: {issue.message} ({issue.violatingEntity})"
    for issue in result.get_issues(Severity[level])
]
said = {"passed": result.passed(Severity[level]), "issues": sorted(issues)}
json.dump({**said, "checks": len(result.executed_checks)}, sys.stdout)
