/**
 * `npm run chaos -- <name> [--quick]`: runs one fault scenario against real processes.
 *
 * Prints for people while it works. The last line is one JSON object; the exit code is 0 only if every promise was kept.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from '@lyceum/local-stack';
import type { Chaos, Figures, Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios/index.ts';

const HELP = `Usage: npm run chaos -- <name> [--quick]

  --quick   a run of under a minute
  --help    this text

${SCENARIOS.map(({ name, promise }) => `  ${name.padEnd(18)} ${promise}`).join('\n')}

The last line is one JSON object with name, holds and figures; the exit code is 0 only if it holds.`;

async function runScenario(scenario: Scenario, quick: boolean): Promise<void> {
  const folder = join(repositoryRoot, '.lyceum/chaos', `${scenario.name}-${process.pid}`);
  await mkdir(folder, { recursive: true });
  const opened: (() => unknown)[] = [];
  const broken: string[] = [];
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 100) / 10;
  const chaos: Chaos = {
    quick,
    folder,
    say: (line) => console.log(`${String(seconds()).padStart(6)} s  ${line}`),
    check(promise, kept, seen) {
      const detail = seen === undefined ? '' : ` (${typeof seen === 'string' ? seen : JSON.stringify(seen)})`;
      chaos.say(`${kept ? 'kept  ' : 'BROKEN'}  ${promise}${detail}`);
      if (!kept) broken.push(promise);
    },
    own(resource, close) {
      opened.push(() => close(resource));
      return resource;
    },
  };
  const closeAll = async () => {
    for (let close = opened.pop(); close; close = opened.pop()) await close();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void closeAll().finally(() => process.exit(130)));
  }

  let figures: Figures = {};
  try {
    console.log(`${scenario.name}: ${scenario.promise}`);
    figures = await scenario.run(chaos);
  } catch (error) {
    broken.push('the scenario could be carried out');
    console.error(error);
  } finally {
    await closeAll();
  }
  const holds = broken.length === 0;
  if (holds) await rm(folder, { recursive: true, force: true });
  else console.log(`Logs are in ${folder}`);
  console.log(JSON.stringify({ name: scenario.name, holds, ...figures, broken, seconds: seconds() }));
  process.exitCode = holds ? 0 : 1;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const scenario = SCENARIOS.find(({ name }) => name === positionals[0]);
  if (values.help || !scenario) {
    console.log(HELP);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  await runScenario(scenario, values.quick);
}

await main();
