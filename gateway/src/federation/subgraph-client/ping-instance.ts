/**
 * Asks one instance whether it answers GraphQL at all, and tells its breaker.
 */
import type { SubgraphsPolicy } from '../../config.ts';
import { Exchange } from './exchange.ts';
import { readAnswer } from './read-answer.ts';
import { failureOf, SubgraphFailure } from './subgraph-failure.ts';
import type { Admission } from './target.ts';

const PING = JSON.stringify({ query: '{ __typename }' });

/** Never rejects, and ends within the time that the policy gives. */
export function pingInstance(
  { instance, ticket }: Admission,
  headers: string[],
  { healthChecks: { timeoutMs }, maxResponseBytes }: SubgraphsPolicy,
): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (failure?: SubgraphFailure) => {
      clearTimeout(timer);
      if (failure) ticket.failed(failure);
      else ticket.succeeded();
      resolve(failure === undefined);
    };
    const exchange = new Exchange(
      {
        answered(_exchange, status, text) {
          try {
            readAnswer(status, text);
          } catch (error) {
            return void end(failureOf(error));
          }
          end();
        },
        failed: (_exchange, failure) => end(failure),
      },
      instance,
      ticket,
      maxResponseBytes,
    );
    const timer = setTimeout(() => {
      const failure = new SubgraphFailure('silent', `no answer to the health check within ${timeoutMs} ms`);
      exchange.cancel(failure);
      end(failure);
    }, timeoutMs);
    exchange.send({ headers, body: PING, headersMs: timeoutMs, bodyMs: timeoutMs });
  });
}
