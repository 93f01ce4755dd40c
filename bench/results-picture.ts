import type { Results } from './results-page.ts';
import { median } from './rounds.ts';

const width = 760;
const labelWidth = 330;
const barWidth = 290;
const lineHeight = 22;

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** @returns SVG: for each part a bar for each row, of the part's first column, with a line from the least to the most. */
export function drawResults({ parts }: Results): string {
  const pieces: string[] = [];
  let y = 10;
  for (const { title, columns, rows } of Object.values(parts)) {
    const [column] = columns;
    if (!column) continue;
    y += 26;
    pieces.push(`<text x="10" y="${y}" class="title">${escaped(`${title}: ${column.head}`)}</text>`);
    const most = Math.max(...rows.flatMap(({ figures }) => figures[column.figure] ?? []));
    for (const { name, figures } of rows) {
      const values = figures[column.figure];
      if (!values || values.length === 0) continue;
      y += lineHeight;
      const at = (value: number) => ((value / most) * barWidth).toFixed(1);
      const [least, middle, top] = [Math.min(...values), median(values), Math.max(...values)];
      pieces.push(
        `<text x="${labelWidth - 8}" y="${y}" class="label">${escaped(name)}</text>`,
        `<rect x="${labelWidth}" y="${y - 12}" width="${at(middle)}" height="15"${name.startsWith('Chodae') ? ' class="own"' : ''}/>`,
        `<path d="M${labelWidth + Number(at(least))} ${y - 4.5}H${labelWidth + Number(at(top))}"/>`,
        `<text x="${labelWidth + barWidth + 10}" y="${y}">${middle.toLocaleString('en', { maximumFractionDigits: column.digits })}</text>`,
      );
    }
    y += 14;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y + 10}" viewBox="0 0 ${width} ${y + 10}" font-family="sans-serif" font-size="13" role="img" aria-label="Measurements">
<title>Measurements</title>
<style>.title{font-weight:bold}.label{text-anchor:end}rect{fill:#a9b4c2}.own{fill:#2563eb}path{stroke:#111827;stroke-width:1.5}</style>
<rect width="100%" height="100%" style="fill:#fff"/>
${pieces.join('\n')}
</svg>
`;
}
