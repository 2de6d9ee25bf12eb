/**
 * Cancelling through the real ai subgraph while a real worker listens to a model that never ends.
 */
import { claimsHeader, eventually, graphClient, startService } from '@lyceum/testing';
import { expect, test } from 'vitest';
import { openBench } from './bench.ts';
import { endlessModel } from './endless-model.ts';

test('a cancelled job stops its model call and returns its budget', async () => {
  await using bench = await openBench();
  await using model = await endlessModel();
  const env = { ...bench.env, MODEL_EMBEDDED_URL: model.url, GATEWAY_URL: 'http://127.0.0.1:9/graphql' };
  const services = await Promise.all([startService('worker', env), startService('ai', env)]);
  try {
    const { id, learnerId, reservedTokens } = await bench.accept();
    await eventually(async () => (await bench.events(id)).some(({ payload }) => payload.tokenDelta !== null));
    expect(model.open).toBe(1);

    const headers = await claimsHeader(env, { id: learnerId });
    const client = graphClient(`${services[1].url}/graphql`, { headers });
    await client.query('mutation ($id: ID!) { cancelAiJob(id: $id) { state } }', { id });

    await eventually(() => expect({ open: model.open, aborted: model.aborted }).toEqual({ open: 0, aborted: 1 }));
    const job = await eventually(async () => {
      const row = await bench.row(id);
      expect(row.completionTokens).not.toBeNull();
      return row;
    });
    expect(job).toMatchObject({ state: 'CANCELLED', attempt: 1, output: null, model: 'embedded' });
    const spent = job.promptTokens! + job.completionTokens!;
    expect(await bench.budget(learnerId)).toEqual({ reserved: 0, spent });
    expect(spent).toBeLessThan(reservedTokens);

    await eventually(async () => {
      const ends = (await bench.events(id)).filter(({ payload }) => payload.state === 'CANCELLED');
      expect(ends).toHaveLength(1);
    });
  } finally {
    await Promise.all(services.map((service) => service.stop()));
  }
});
