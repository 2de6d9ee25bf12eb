/**
 * `lyceum doctor`: examines the settings and every part of a stack, and says what is wrong and what helps.
 */
import { Command } from 'commander';
import { readStackEnvironment } from '../config.ts';
import { examine } from '../doctor/examine.ts';
import type { Finding } from '../doctor/finding.ts';
import { Failure } from '../failure.ts';
import { dim, green, red, say } from '../output.ts';

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('examine the settings, databases, replicas, Redis and services, and say what is wrong')
    .action(doctor);
}

async function doctor(): Promise<void> {
  const { variables, origin } = readStackEnvironment();
  say(dim(`Settings from ${origin}`));
  let wrong = 0;
  for await (const finding of examine(variables)) {
    if (finding.wrong) wrong += 1;
    say(lineOf(finding));
  }
  if (wrong > 0) throw new Failure(wrong === 1 ? 'One thing is wrong.' : `${wrong} things are wrong.`);
  say('Nothing is wrong.');
}

function lineOf({ part, wrong, note, skipped }: Finding): string {
  const mark = wrong ? red('✗') : skipped ? dim('–') : green('✓');
  return `${mark} ${part.padEnd(28)} ${wrong ?? dim(note ?? '')}`.trimEnd();
}
