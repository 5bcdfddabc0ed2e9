"""analytics: the scorecard of every practice, and the dashboard. The table of contents."""

from libs.events.transport import Service
from services.analytics.dashboard import live, pages
from services.analytics.dashboard.render import files
from services.analytics.scorecard import api as scorecards
from services.analytics.scorecard.projection import scorecard

service = Service(
    name="analytics",
    projections=[scorecard],
    routes=[scorecards.routes, pages.routes, live.routes, files.routes],
)
