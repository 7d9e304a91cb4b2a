"""Ratios as bars, by hand: a picture that a browser shows and a diff can follow."""

from html import escape

ROW, LABEL, SCALE, HIGHEST = 40, 190, 260, 2.0


def draw(ratios: dict[str, tuple[float, float]]) -> str:
    """SVG with two bars a row: rate and CPU, eidos to nginx."""
    width, height = LABEL + int(SCALE * HIGHEST) + 70, ROW * len(ratios) + 50
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{LABEL}" y="16" fill="#2a6f97">rate, eidos to nginx (more is better)</text>',
        f'<text x="{LABEL + 260}" y="16" fill="#b5651d">CPU a request (less is better)</text>',
    ]
    for place, (name, both) in enumerate(ratios.items()):
        top = 28 + ROW * place
        parts.append(f'<text x="{LABEL - 8}" y="{top + 20}" text-anchor="end">{escape(name)}</text>')
        for line, (ratio, colour) in enumerate(zip(both, ("#2a6f97", "#b5651d"))):
            length, y = int(SCALE * min(ratio, HIGHEST)), top + 15 * line
            parts.append(f'<rect x="{LABEL}" y="{y}" width="{length}" height="13" fill="{colour}"/>')
            parts.append(f'<text x="{LABEL + length + 4}" y="{y + 11}">{ratio:.2f}</text>')
    nginx = LABEL + SCALE
    parts.append(f'<path d="M{nginx} 24V{height - 18}" stroke="black" stroke-dasharray="4 3"/>')
    parts.append(f'<text x="{nginx}" y="{height - 5}" text-anchor="middle">nginx = 1</text></svg>')
    return "\n".join(parts) + "\n"
