import { createMetrics, fixedPolicy } from '@lyceum/service-kit';
import { expect, test } from 'vitest';
import { GatewayPolicy } from '../../config.ts';
import { createSubscriptionMetrics } from '../../observability/subscription-metrics.ts';
import { createEventStreams } from './event-streams.ts';

/** A subscription whose connection goes when the test says so, before it is opened or later. */
function follow({ isGone }: { isGone: boolean }) {
  const metrics = createSubscriptionMetrics(createMetrics('gateway'));
  const streams = createEventStreams({ policy: fixedPolicy(GatewayPolicy.parse({})), metrics });
  const calls: string[] = [];
  let leaveConnection = () => {};
  streams.follow(
    {
      policy: 'LATEST',
      open() {
        calls.push('opened');
        return { leave: (reason) => calls.push(`left: ${reason}`) };
      },
    },
    {
      watch: () => () => calls.push('watched no more'),
      whenGone(end) {
        leaveConnection = end;
        if (isGone) end();
      },
      hangUp: () => calls.push('hung up'),
    },
  );
  return { calls, leaveConnection: () => leaveConnection() };
}

test('a client that has left while it was admitted is subscribed to nothing', () => {
  const { calls } = follow({ isGone: true });
  expect(calls).toEqual(['watched no more']);
});

test('a client that leaves before its stream is read leaves nothing behind', () => {
  const { calls, leaveConnection } = follow({ isGone: false });
  expect(calls).toEqual(['opened']);
  leaveConnection();
  leaveConnection();
  expect(calls).toEqual(['opened', 'watched no more', 'left: client']);
});
