/**
 * The rehearsal before the first learner asks: real work, and nothing left of it.
 */
import { sql } from '@lyceum/testing';
import { expect, it } from 'vitest';
import { rehearse } from '../src/rehearsal.ts';
import { openAi } from './ai.ts';

it('jobs are accepted on every shard and taken back: no job, reservation or message stays', async () => {
  await using ai = await openAi();
  ai.lesson('');
  ai.lesson();
  await rehearse(ai.resources).done;
  // The catalogue once, and one lesson for each shard in every round, all as nobody.
  expect(ai.gateway.askedBy).toEqual(Array(11).fill(null));
  for (const shard of ['s1', 's2']) {
    const url = ai.tenant.databaseUrl('ai', shard);
    const [count] = await sql(
      url,
      `SELECT (SELECT count(*) FROM ai_job)::int AS jobs, (SELECT count(*) FROM ai_budget)::int AS budgets,
              (SELECT count(*) FROM outbox_message)::int AS messages,
              (SELECT last_value FROM outbox_message_seq)::int AS written`,
    );
    expect(count).toEqual({ jobs: 0, budgets: 0, messages: 0, written: 10 });
  }
});

it('a rehearsal waits for the gateway, does without lessons, and stops when told', async () => {
  await using ai = await openAi();
  ai.gateway.failure = 'not yet';
  const waiting = rehearse(ai.resources);
  await expect.poll(() => ai.gateway.askedBy.length).toBeGreaterThan(1);
  await waiting.stop();

  ai.gateway.failure = null;
  const asked = ai.gateway.askedBy.length;
  await rehearse(ai.resources).done;
  expect(ai.gateway.askedBy.length).toBe(asked + 1);
});
