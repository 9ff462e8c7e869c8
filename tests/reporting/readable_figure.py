"""What every figure has to be: large enough to read in print, with nothing cut off."""

import matplotlib.text
from matplotlib.figure import Figure

SMALLEST_FONT = 6.0  # points, at the printed width


def readable_texts(figure: Figure) -> list[matplotlib.text.Text]:
    """The visible texts of a figure, after asserting that they are large enough and all of it lies inside; call this
    in the figure's own style.
    """
    figure.draw_without_rendering()
    drawn = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert min(drawn.x0, drawn.y0, width - drawn.x1, height - drawn.y1) > -0.01
    texts = [text for text in figure.findobj(matplotlib.text.Text) if text.get_text().strip() and text.get_visible()]
    assert min(text.get_fontsize() for text in texts) >= SMALLEST_FONT
    return texts
