/**
 * The closing report of an import: what the export held, what was left out, and what changed.
 */
import type { ChangeCounts, CourseDocument, ImportResult, ItemKind } from '@lyceum/courses/import';
import { bold, counted, dim, listed, number } from '../output.ts';
import type { OlxReport } from './olx/report.ts';

const WIDTH = 10;

export function describeImport({
  document,
  report,
  result,
}: {
  document: CourseDocument;
  report: OlxReport;
  result: ImportResult;
}): string[] {
  const { counts } = report;
  const blocks = counts.text + counts.video + counts.problem;
  return [
    `${bold(document.title)} ${dim(`${result.slug} · ${result.status.toLowerCase()} · revision ${result.revision}`)}`,
    '',
    countLine('modules', counts.modules, result.changes.modules),
    countLine('sections', counts.sections, result.changes.sections),
    countLine('lessons', counts.lessons, result.changes.lessons),
    countLine('blocks', blocks, result.changes.blocks),
    kindLine('text', counts.text, report.emptyTexts > 0 ? `${report.emptyTexts} of them hold no reading text` : ''),
    kindLine('video', counts.video, ''),
    kindLine('problem', counts.problem, problemsOf(report)),
    ...leftOut(report),
    '',
    OUTCOMES[result.outcome],
  ];
}

const OUTCOMES: Record<ImportResult['outcome'], string> = {
  created: 'Created: the course is new.',
  updated: 'Updated: the course is now as the export has it.',
  unchanged: 'No change: the course is as the export has it already.',
};

function countLine(kind: ItemKind, count: number, changes: ChangeCounts): string {
  const changed = (['created', 'updated', 'moved', 'removed'] as const)
    .filter((change) => changes[change] > 0)
    .map((change) => `${number(changes[change])} ${change}`);
  return line(`  ${kind}`, count, changed.join(', ') || 'no change');
}

function kindLine(kind: string, count: number, note: string): string {
  return line(`    ${kind}`, count, note);
}

function line(label: string, count: number, note: string): string {
  return `${label.padEnd(WIDTH + 4)}${number(count).padStart(6)}   ${dim(note)}`.trimEnd();
}

function problemsOf({ problems }: OlxReport): string {
  const names = new Map([...problems].map(([kind, count]) => [kind.toLowerCase().replace('_', ' '), count]));
  return listed(names);
}

/** Everything of the export that did not come in as it was, each with its reason. */
function leftOut(report: OlxReport): string[] {
  const lines: string[] = [];
  const total = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (report.ungraded.size > 0) {
    lines.push(`Not graded here: ${listed(report.ungraded)}.`);
  }
  if (report.unknown.size > 0) {
    lines.push(`Left out, ${counted(total(report.unknown), 'block')} of unknown kinds: ${listed(report.unknown)}.`);
  }
  if (report.unwrapped.size > 0) lines.push(`Taken out of their wrappers: ${listed(report.unwrapped)}.`);
  if (report.alternatives > 0) {
    lines.push(`Left out, ${counted(report.alternatives, 'alternative')} of experiments and random choices.`);
  }
  if (report.staffOnly > 0) lines.push(`Left out, ${counted(report.staffOnly, 'part')} for staff only.`);
  if (report.drafts > 0) lines.push(`Left out, ${counted(report.drafts, 'draft')}.`);
  return lines.length === 0 ? [] : ['', ...lines];
}
