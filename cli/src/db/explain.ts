/**
 * `lyceum db explain`: shows the plans of the hot statements of a running system, and fails where one reads a large table
 * row by row, or where none is hot and so nothing was looked at.
 */
import { Command } from 'commander';
import { Failure } from '../failure.ts';
import { type DomainOption, domainOption, wholeNumber } from '../options.ts';
import { bold, counted, dim, green, number, red, say } from '../output.ts';
import { readDomainShards } from './domain-shards.ts';
import { type Explained, type ExplainOptions, explainDomain } from './explain/explain-domain.ts';
import { renderPlan } from './explain/plan.ts';
import { HOT_CALLS } from './explain/statements.ts';

interface Options extends DomainOption, ExplainOptions {
  readonly json?: boolean;
}

export function explainCommand(): Command {
  return new Command('explain')
    .description('show the plans of the hot statements, and fail on a sequential scan of a large table')
    .addOption(domainOption())
    .option('--min-rows <n>', 'from how many rows on a table is large', wholeNumber, 10_000)
    .option('--limit <n>', 'so many statements by calls, and as many by time, of each domain', wholeNumber, 50)
    .option('--json', 'one JSON object instead of text')
    .addHelpText(
      'after',
      '\nThe statements are those that pg_stat_statements has counted, ten calls or more; SELECT pg_stat_statements_reset() begins anew.',
    )
    .action(run);
}

async function run({ json, minRows, limit, ...options }: Options): Promise<void> {
  const domains: Record<string, Explained[]> = {};
  for (const shards of await readDomainShards(options)) {
    const explained = await explainDomain(shards, { minRows, limit });
    domains[shards.domain] = explained;
    if (!json) show(shards.domain, explained);
  }
  if (json) say(JSON.stringify({ minRows, domains }, null, 2));
  if (Object.values(domains).flat().length === 0) {
    throw new Failure(
      `No statement of ${Object.keys(domains).join(', ')} was called ${HOT_CALLS} times: the statistics are fresh or were reset. Use the system for a while, then run this again.`,
    );
  }
  const scanning = Object.entries(domains).flatMap(([domain, explained]) =>
    explained.filter(isScanning).map((each) => describeScan(domain, each)),
  );
  if (scanning.length > 0) {
    throw new Failure(
      `${counted(scanning.length, 'hot statement')} with a sequential scan of a large table:\n${scanning.join('\n')}`,
    );
  }
}

const isScanning = ({ plans }: Explained): boolean => plans.some(({ scans }) => scans.length > 0);

function show(domain: string, explained: readonly Explained[]): void {
  const skipped = explained.filter((each) => each.skipped !== null);
  say(
    bold(`${domain}: ${counted(explained.length, 'hot statement')}, ${number(skipped.length)} of them not explained`),
  );
  for (const each of explained) {
    const { statement, plans } = each;
    const mark = isScanning(each) ? red('✗') : plans.length === 0 ? dim('–') : green('✓');
    const mean = (statement.totalMs / statement.calls).toFixed(2);
    say(`${mark} ${number(statement.calls)} × ${mean} ms  ${oneLine(statement.text)}`);
    const shown = plans.find(({ scans }) => scans.length > 0) ?? plans[0];
    for (const line of shown ? renderPlan(shown.plan) : []) say(dim(`    ${line}`));
    if (each.skipped) say(dim(`    not explained: ${each.skipped}`));
  }
}

function describeScan(domain: string, { statement, plans }: Explained): string {
  const scans = plans.flatMap(({ shard, scans: found }) => found.map((scan) => ({ shard, ...scan })));
  const [{ remedy }] = scans as [(typeof scans)[number]];
  const places = scans.map(({ table, rows, shard }) => `${number(Math.round(rows))} rows of ${table} on ${shard}`);
  return `  ${domain}: ${oneLine(statement.text)}\n    reads ${places.join(', ')}\n    remedy: ${remedy}`;
}

const LINE = 300;

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= LINE ? line : `${line.slice(0, LINE)}…`;
}
