/**
 * A chart of lines as SVG, drawn by hand: axes with units, a grid, each line named at its end.
 * Knows: scales, ticks, where names fit. Does not know: what is drawn.
 * The background is white and said so: what shows it may be dark.
 */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Axis {
  readonly name: string;
  readonly unit: string;
  /** Where it ends, if not at the largest value. */
  readonly most?: number;
}

export interface Chart {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly Line[];
}

const width = 800;
const height = 420;
const area = { left: 72, right: 540, top: 52, bottom: 360 };
/** Told apart in grey and by the colour-blind, too: each has its own dash. */
const styles = [
  { colour: '#c0392b', dash: '' },
  { colour: '#1f618d', dash: '7 4' },
  { colour: '#1e7b34', dash: '' },
  { colour: '#7d3c98', dash: '2 3' },
] as const;
/** What a line of text needs. */
const lineHeight = 18;

export function lineChart({ title, x, y, lines }: Chart): string {
  const all = lines.flatMap(({ points }) => points);
  const mostX = x.most ?? Math.max(...all.map(([at]) => at));
  const highest = y.most ?? Math.max(...all.map(([, value]) => value));
  const stepX = stepFor(mostX, 6);
  const stepY = stepFor(highest, 6);
  const mostY = Math.ceil(highest / stepY) * stepY;
  const atX = (value: number): number => area.left + ((area.right - area.left) * value) / mostX;
  const atY = (value: number): number => area.bottom - ((area.bottom - area.top) * value) / mostY;

  const names = placed(lines.map(({ points }) => atY(points.at(-1)?.[1] ?? 0)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="${escaped(title)}">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(area.left, 26, title, 'font-size="15" font-weight="600"'),
    ...ticks(mostY, stepY).flatMap((value) => [
      `<path d="M${area.left} ${round(atY(value))}H${area.right}" stroke="${value === 0 ? '#222222' : '#dddddd'}"/>`,
      text(area.left - 8, atY(value) + 4, String(value), 'text-anchor="end"'),
    ]),
    ...ticks(mostX, stepX).flatMap((value) => [
      `<path d="M${round(atX(value))} ${area.bottom}v5" stroke="#222222"/>`,
      text(atX(value), area.bottom + 21, String(value), 'text-anchor="middle"'),
    ]),
    `<path d="M${area.left} ${area.top}V${area.bottom}" stroke="#222222"/>`,
    text((area.left + area.right) / 2, height - 14, `${x.name} (${x.unit})`, 'text-anchor="middle"'),
    text(
      0,
      0,
      `${y.name} (${y.unit})`,
      `text-anchor="middle" transform="translate(20 ${(area.top + area.bottom) / 2}) rotate(-90)"`,
    ),
    ...lines.flatMap(({ name, points }, n) => {
      const { colour, dash } = styles[n % styles.length];
      const path = points.map(([at, value]) => `${round(atX(Math.min(at, mostX)))},${round(atY(value))}`).join(' ');
      return [
        `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2.2" stroke-linejoin="round"${dash && ` stroke-dasharray="${dash}"`}/>`,
        text(area.right + 10, names[n] + 4, `${name}: ${Math.round(points.at(-1)?.[1] ?? 0)} ${y.unit}`, '', colour),
      ];
    }),
    '</svg>\n',
  ].join('\n');
}

/** Moves apart what would overlap: each where it wants to be, or just above what stands below it. */
function placed(wanted: readonly number[]): number[] {
  const places = [...wanted];
  const fromBelow = wanted.map((_, n) => n).toSorted((a, b) => wanted[b] - wanted[a]);
  for (const [rank, n] of fromBelow.entries()) {
    if (rank > 0) places[n] = Math.min(places[n], places[fromBelow[rank - 1]] - lineHeight);
  }
  return places;
}

/** A round number that divides `most` into about `parts`. */
function stepFor(most: number, parts: number): number {
  const rough = most / parts;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5, 10].find((factor) => factor * magnitude >= rough) ?? 10) * magnitude;
}

function ticks(most: number, step: number): number[] {
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, n) => n * step);
}

function text(x: number, y: number, content: string, attributes: string, colour = '#222222'): string {
  const place = attributes.includes('transform') ? '' : ` x="${round(x)}" y="${round(y)}"`;
  return `<text${place} fill="${colour}" ${attributes}>${escaped(content)}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
