"""What came of what was recommended: how often it is skipped, by surface and by generator."""

from typing import Annotated

import flask
import msgspec
from spectree import Response

from antiphon.ops.report import Report, report
from antiphon.web.access import Access, allow
from antiphon.web.accounts import listener_id
from antiphon.web.api import present
from antiphon.web.api.description import spec
from antiphon.web.reports import since
from antiphon.web.site import site

blueprint = flask.Blueprint("reports", __name__)


class ReportQuery(msgspec.Struct, frozen=True):
    """Of how many days, up to now."""

    days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 30


@blueprint.get("/report")
@spec.validate(query=ReportQuery, resp=Response(HTTP_200=Report))
@allow(Access.LISTENER)
def own(query: ReportQuery) -> flask.Response:
    """Tell a listener what came of what was recommended to them."""
    return present.json_of(report(site().store, listener_id(), since(query.days)))


@blueprint.get("/report/overall")
@spec.validate(query=ReportQuery, resp=Response(HTTP_200=Report))
@allow(Access.ADMIN)
def overall(query: ReportQuery) -> flask.Response:
    """Tell what came of what was recommended to everybody; it may be some minutes old."""
    return present.json_of(site().reports.overall(query.days))
