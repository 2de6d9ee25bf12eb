/**
 * `lyceum outbox`: shows what waits to leave the databases and what could not, and lets a person send or drop the latter.
 */
import { type DeadLetters, type Domain, isId } from '@lyceum/database';
import { Command, InvalidArgumentError } from 'commander';
import { Failure, reasonOf } from '../failure.ts';
import { domainOption } from '../options.ts';
import {
  type DomainLetter,
  letterInFull,
  letterLines,
  statusHeading,
  statusLine,
  unreadableLine,
} from '../outbox/describe-outbox.ts';
import { REMEDY, withOutboxes } from '../outbox/with-outboxes.ts';
import { counted, dim, say } from '../output.ts';

const LIMIT_MAX = 1_000;

export function outboxCommand(): Command {
  const outbox = new Command('outbox').description(
    'show what waits to leave the databases, replay or drop what could not',
  );
  outbox
    .command('status')
    .description('show per domain and shard how many messages wait, since when, and how many are dead letters')
    .action(status);
  outbox
    .command('dead-letters')
    .description('list messages that Redis refused too often, those that died last first')
    .addOption(domainOption())
    .option('--limit <n>', `how many, up to ${LIMIT_MAX}`, limit, 20)
    .action(list);
  outbox.command('show').argument('<id>', 'of a dead letter').description('show a dead letter in full').action(show);
  outbox
    .command('replay')
    .argument('[id...]', 'of dead letters')
    .option('--all', 'all that are dead as of now')
    .addOption(domainOption())
    .description('send dead letters again, behind what waits and under their old ids')
    .action(replay);
  outbox.command('drop').argument('<id>', 'of a dead letter').description('delete a dead letter for ever').action(drop);
  return outbox;
}

async function status(): Promise<void> {
  await withOutboxes(undefined, async (outboxes) => {
    let silent = 0;
    const lineOf = async (outbox: DeadLetters, shard: string) => {
      try {
        return statusLine(outbox.domain, shard, await outbox.backlog(shard));
      } catch (error) {
        silent += 1;
        return unreadableLine(outbox.domain, shard, reasonOf(error));
      }
    };
    const lines = await Promise.all(outboxes.flatMap((outbox) => outbox.shards.map((shard) => lineOf(outbox, shard))));
    for (const line of [statusHeading(), ...lines]) say(line);
    if (silent > 0) throw new Failure(`Not every outbox could be read (${silent} of ${lines.length}). ${REMEDY}`);
  });
}

async function list({ domain, limit }: { domain?: Domain; limit: number }): Promise<void> {
  await withOutboxes(domain, async (outboxes) => {
    const lists = outboxes.map(async (outbox) =>
      (await outbox.list(limit + 1)).map((letter): DomainLetter => ({ ...letter, domain: outbox.domain })),
    );
    const letters = (await Promise.all(lists)).flat().sort((a, b) => b.diedAt.getTime() - a.diedAt.getTime());
    if (letters.length === 0) return say('There are no dead letters.');
    for (const letter of letters.slice(0, limit)) for (const line of letterLines(letter)) say(line);
    if (letters.length > limit) say(dim(`There are more: --limit shows up to ${LIMIT_MAX}.`));
  });
}

async function show(id: string): Promise<void> {
  checkId(id);
  await withOutboxes(undefined, async (outboxes) => {
    for (const outbox of outboxes) {
      const letter = await outbox.find(id);
      if (letter === null) continue;
      for (const line of letterInFull({ ...letter, domain: outbox.domain })) say(line);
      return;
    }
    throw unknown([id]);
  });
}

async function replay(
  ids: readonly string[],
  { all = false, domain }: { all?: boolean; domain?: Domain },
  command: Command,
): Promise<void> {
  if (all === ids.length > 0) command.error('error: name the ids of dead letters, or --all');
  for (const id of ids) checkId(id);
  await withOutboxes(domain, async (outboxes) => {
    if (all) {
      let replayed = 0;
      for (const outbox of outboxes) replayed += await outbox.replayAll();
      return say(`${counted(replayed, 'dead letter')} replayed.`);
    }
    const missing: string[] = [];
    for (const id of new Set(ids)) {
      const answers = await Promise.all(outboxes.map((outbox) => outbox.replay(id)));
      if (!answers.includes(true)) missing.push(id);
    }
    say(`${counted(new Set(ids).size - missing.length, 'dead letter')} replayed.`);
    if (missing.length > 0) throw unknown(missing);
  });
}

async function drop(id: string): Promise<void> {
  checkId(id);
  await withOutboxes(undefined, async (outboxes) => {
    const answers = await Promise.all(outboxes.map((outbox) => outbox.drop(id)));
    if (!answers.includes(true)) throw unknown([id]);
    say('1 dead letter dropped.');
  });
}

function checkId(id: string): void {
  if (!isId(id)) throw new Failure(`${id} is not the id of a message: \`npx lyceum outbox dead-letters\` shows them.`);
}

function unknown(ids: readonly string[]): Failure {
  return new Failure(
    `No dead letter has the id ${ids.join(', ')}: it was replayed or dropped meanwhile, or never died. \`npx lyceum outbox dead-letters\` shows those there are.`,
  );
}

function limit(text: string): number {
  const value = Number(text);
  if (!/^\d{1,4}$/.test(text) || value < 1 || value > LIMIT_MAX) {
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${LIMIT_MAX}.`);
  }
  return value;
}
