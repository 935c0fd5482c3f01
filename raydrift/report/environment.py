"""What renders the pages: templates, and the filters that they use."""

from typing import TYPE_CHECKING, Any

from raydrift.report.text import level_name, number, shortened

if TYPE_CHECKING:
    from jinja2 import Environment


def page_environment() -> "Environment":
    """Templates, in which text is escaped and every name has to be known."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("raydrift.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "level": level_name, "shortened": shortened}
    return environment


def plotly_code() -> Any:
    """Plotly's own code, which a page has in itself."""
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    return Markup(get_plotlyjs())  # noqa: S704  (plotly's own code)
