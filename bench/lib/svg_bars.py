"""A plot of grouped bars with their spread, as SVG; no library needed."""
from xml.sax.saxutils import escape

COLOURS = ["#1b6ca8", "#f2a541", "#58a55c", "#b5485d", "#7d5ba6", "#6b7280", "#3fa7a0"]
WIDTH, HEIGHT, LEFT, TOP, BOTTOM, RIGHT = 960, 420, 70, 50, 60, 20


def bars(title, unit, groups, series):
    """`series`: name -> list, one (median, low, high) or None for each of `groups`."""
    top = max((value[2] for values in series.values() for value in values if value), default=1) * 1.05
    inner_width, inner_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    group_width = inner_width / max(len(groups), 1)
    bar_width = group_width * 0.8 / max(len(series), 1)

    def y(value):
        return TOP + inner_height * (1 - value / top)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="20" font-size="15">{escape(title)}</text>',
    ]
    for step in range(6):
        value = top * step / 5
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:,.0f}</text>')
    out.append(f'<text x="12" y="{TOP - 10}">{escape(unit)}</text>')
    for g, group in enumerate(groups):
        middle = LEFT + (g + 0.5) * group_width
        out.append(f'<text x="{middle:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{escape(group)}</text>')
    for s, (name, values) in enumerate(series.items()):
        colour = COLOURS[s % len(COLOURS)]
        out.append(f'<rect x="{LEFT + s * 125}" y="{HEIGHT - 26}" width="12" height="12" fill="{colour}"/>')
        out.append(f'<text x="{LEFT + s * 125 + 17}" y="{HEIGHT - 16}">{escape(name)}</text>')
        for g, value in enumerate(values):
            if not value:
                continue
            median, low, high = value
            x = LEFT + (g + 0.1) * group_width + s * bar_width
            out.append(
                f'<rect x="{x:.1f}" y="{y(median):.1f}" width="{bar_width * 0.9:.1f}" '
                f'height="{inner_height + TOP - y(median):.1f}" fill="{colour}"><title>{escape(name)} {median:,.0f}</title></rect>'
            )
            centre = x + bar_width * 0.45
            out.append(f'<line x1="{centre:.1f}" x2="{centre:.1f}" y1="{y(low):.1f}" y2="{y(high):.1f}" stroke="#222"/>')
    return "\n".join(out) + "\n</svg>\n"
