/**
 * `npm run bench -- draw`: the bars of a run as an SVG that suits light and dark pages alike.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type GatewayResults, readGatewayResults } from './results.ts';
import { count } from './table.ts';

/** Rows in which equal work that is under way is done once. */
const SHARED = /-(dedupe|whole)$/;
const PANELS = [
  { kind: 'deep', shared: false, title: 'Deep query: 16 fetches, 86 KB of answer (requests per second)' },
  { kind: 'fetch', shared: false, title: 'One fetch (requests per second)' },
  { kind: 'deep', shared: true, title: 'Deep query, equal work under way done once (requests per second)' },
] as const;

const root = join(import.meta.dirname, '..');
const figure = join(root, 'docs/figures/gateway-bench.svg');

const WIDTH = 760;
const LABEL = 320;
const BAR = 16;
const STEP = 24;
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; }
  .note, .figure { fill: #59636e; }
  .bar { fill: #afb8c1; } .floor { fill: #d1d9e0; } .ours { fill: #0969da; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; } .note, .figure { fill: #9198a1; }
    .bar { fill: #656c76; } .floor { fill: #3d444d; } .ours { fill: #4493f8; }
  }`;

/** Returns the paths of what was read and written. */
export function drawGateway(path: string | undefined): { from: string; file: string } {
  const { results, file } = readGatewayResults(path);
  mkdirSync(dirname(figure), { recursive: true });
  writeFileSync(figure, writeSvg(results));
  return { from: file, file: relative(root, figure) };
}

function writeSvg(results: GatewayResults): string {
  const parts: string[] = [];
  let y = 24;
  for (const { kind, shared, title } of PANELS) {
    const bars = results.participants
      .filter(({ id }) => SHARED.test(id) === shared)
      .flatMap(({ id, title: label, [kind]: row }) => (row ? [{ id, label, value: row.requestsPerSecond }] : []))
      .sort((a, b) => b.value - a.value);
    if (bars.length === 0) continue;
    const most = Math.max(...bars.map(({ value }) => value));
    parts.push(`<text class="title" x="0" y="${y}">${title}</text>`);
    y += 14;
    for (const { id, label, value } of bars) {
      const width = Math.max(1, ((WIDTH - LABEL - 70) * value) / most);
      const kindOfBar = id.startsWith('lyceum') ? 'ours' : id.startsWith('floor') ? 'floor' : 'bar';
      parts.push(
        `<text x="${LABEL - 8}" y="${y + 13}" text-anchor="end">${escapeXml(label)}</text>`,
        `<rect class="${kindOfBar}" x="${LABEL}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2"/>`,
        `<text class="figure" x="${(LABEL + width + 6).toFixed(1)}" y="${y + 13}">${count(value)}</text>`,
      );
      y += STEP;
    }
    y += 30;
  }
  const { machine, settings, commit, date } = results;
  const notes = [
    `${machine.cpu}, Node ${machine.node}; each gateway alone on one core, ${settings.connections} connections.`,
    `Medians of ${settings.rounds} alternating rounds. ${date.slice(0, 10)}, commit ${commit}.`,
  ];
  for (const note of notes) {
    parts.push(`<text class="note" x="0" y="${y - 8}">${escapeXml(note)}</text>`);
    y += 18;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 8}" role="img" aria-label="Requests per second of GraphQL gateways">
<style>${STYLE}
</style>
${parts.join('\n')}
</svg>
`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
