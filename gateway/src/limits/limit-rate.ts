/**
 * Refuses callers who ask too often, whatever they ask and by whatever door: a viewer over all sessions, or an address where
 * nobody is signed in.
 *
 * A subscription counts when it is admitted. Services of ours are not counted: they work on what has been admitted already.
 */
import type { Live } from '@lyceum/service-kit';
import type { Identity } from '../auth/identity.ts';
import type { GatewayPolicy, RatePolicy } from '../config.ts';
import { refusal } from '../errors.ts';
import { type GatewayRequest, given, type MaybePromise, type Operation, whenKnown } from '../pipeline.ts';
import { clientAddress, createAddressTest } from './client-address.ts';
import type { OperationRate } from './token-leases.ts';

/** A step that throws RATE_LIMITED. */
export function limitRate(tokens: OperationRate, policy: Live<Pick<GatewayPolicy, 'limits'>>) {
  let trust: { readonly of: RatePolicy; readonly isTrusted: (address: string) => boolean } | undefined;

  function callerOf({ viewer }: Identity, request: GatewayRequest, rate: RatePolicy): string {
    if (viewer) return `viewer:${viewer.id}`;
    if (trust?.of !== rate) trust = { of: rate, isTrusted: createAddressTest(rate.trustedProxies) };
    return `address:${clientAddress(request.address ?? '', request.header('x-forwarded-for'), trust.isTrusted)}`;
  }

  return ({ identity, request }: Operation): MaybePromise<undefined> => {
    const { rate } = policy.current.limits;
    const caller = given(identity, 'the identity');
    if (!rate.enabled || caller.requestId !== null) return undefined;
    return whenKnown(tokens.take(callerOf(caller, request, rate), rate), refuseEarly);
  };
}

/** At 429 under either media type, since the request may be right and its time is not. */
function refuseEarly(waitMs: number): undefined {
  if (waitMs === 0) return undefined;
  const retryAfterSeconds = Math.ceil(waitMs / 1_000);
  throw refusal('RATE_LIMITED', undefined, {
    wellFormed: false,
    details: { retryAfterSeconds },
    headers: { 'retry-after': String(retryAfterSeconds) },
  });
}
