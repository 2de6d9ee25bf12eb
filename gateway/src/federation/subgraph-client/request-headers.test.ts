/**
 * Who may share an answer with whom.
 */
import type { Viewer } from '@lyceum/contracts';
import {
  constant,
  constantFrom,
  dictionary,
  assert as holds,
  oneof,
  property,
  record,
  shuffledSubarray,
  string,
  uuid,
} from 'fast-check';
import { expect, test } from 'vitest';
import { GatewayPolicy } from '../../config.ts';
import { callerKey, createHeaderWriter } from './request-headers.ts';

const PROPAGATED = ['accept-language', 'x-tenant'];
const settings = GatewayPolicy.parse({ subgraphs: { propagateHeaders: PROPAGATED } }).subgraphs;
const signal = new AbortController().signal;

/** Few values each, so that equal and nearly equal callers come up. */
const few = constantFrom('0190a1b2-0000-7000-8000-000000000001', '0190a1b2-0000-7000-8000-000000000002');
const viewer = oneof(
  constant(null),
  record<Viewer>({
    id: oneof(few, uuid()),
    sessionId: oneof(few, uuid()),
    roles: shuffledSubarray(['LEARNER', 'INSTRUCTOR', 'ADMIN'] as const),
  }),
);
const headers = oneof(
  constant(undefined),
  dictionary(constantFrom(...PROPAGATED), oneof(constantFrom('a', 'b'), string())),
);
const scope = record({ viewer, headers }).map((caller) => ({ ...caller, requestId: 'r', signal }));

test('two callers share answers only if a subgraph is told the same of both', () => {
  const write = createHeaderWriter('a secret of at least thirty-two characters');
  holds(
    property(scope, scope, (one, other) => {
      const told = [one, other].map((caller) => ({
        viewer: caller.viewer,
        headers: PROPAGATED.map((name) => caller.headers?.[name] ?? null),
      }));
      if (callerKey(one, PROPAGATED) !== callerKey(other, PROPAGATED)) return;
      expect(told[0]).toEqual(told[1]);
      expect(write(one, settings)).toEqual(write(other, settings));
    }),
    { numRuns: 5_000 },
  );
});
