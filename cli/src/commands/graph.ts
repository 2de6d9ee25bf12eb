/**
 * `lyceum graph`: hands every gateway on a Redis another supergraph, takes it back, and shows which one serves.
 *
 * Whether a supergraph can be served is for gateways to say: building it takes Apollo's packages, which only they import.
 * What is checked here is that the file is GraphQL, and the supergraph of something; after publishing, the gateway that
 * GATEWAY_URL names is asked what it made of it.
 */
import { readFile } from 'node:fs/promises';
import { publishSupergraph, readSupergraphPublication, systemClock, withdrawSupergraph } from '@lyceum/service-kit';
import { Command } from 'commander';
import { readStackEnvironment } from '../config.ts';
import { Failure, reasonOf } from '../failure.ts';
import { awaitVerdict, readGateway } from '../graph/gateway-status.ts';
import { checkSupergraph } from '../graph/supergraph-file.ts';
import { withRedis } from '../graph/with-redis.ts';
import { dim, say } from '../output.ts';

/** Publications have no bound of their own: gateways have, by policy. */
const ANY_SIZE = Number.MAX_SAFE_INTEGER;

export function graphCommand(): Command {
  const graph = new Command('graph').description('publish a supergraph to gateways, withdraw it, show what serves');
  graph
    .command('publish')
    .argument('<file>', 'a composed supergraph, as `npm run compose` writes it')
    .description('hand a supergraph to every gateway on REDIS_URL; it outranks their files until it is withdrawn')
    .action(publish);
  graph
    .command('withdraw')
    .description('take the published supergraph back: gateways serve their URL or file again')
    .action(withdraw);
  graph.command('show').description('show what is published and what the gateway serves').action(show);
  return graph;
}

async function publish(file: string): Promise<void> {
  const sdl = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Failure(`${file} cannot be read (${reasonOf(error)}).`);
  });
  checkSupergraph(file, sdl);
  const { variables } = readStackEnvironment();
  const version = await withRedis(variables, (redis, keys) => publishSupergraph(redis, keys, sdl, systemClock.now()));
  say(`Published ${version}.`);
  say(await awaitVerdict(variables.GATEWAY_URL, version));
}

async function withdraw(): Promise<void> {
  const { variables } = readStackEnvironment();
  const withdrawn = await withRedis(variables, withdrawSupergraph);
  say(withdrawn ? 'Withdrawn.' : 'Nothing was published.');
}

async function show(): Promise<void> {
  const { variables } = readStackEnvironment();
  const published = await withRedis(variables, (redis, keys) => readSupergraphPublication(redis, keys, ANY_SIZE));
  say(`Published ${published ? `${published.version} ${dim(published.publishedAt.toISOString())}` : 'nothing'}`);
  const status = variables.GATEWAY_URL ? await readGateway(variables.GATEWAY_URL) : null;
  if (!status) return say(`Gateway   ${variables.GATEWAY_URL ? 'does not answer' : 'GATEWAY_URL is not set'}`);
  say(`Gateway   ${status.version} ${dim(`from ${status.source}, since ${status.loadedAt}`)}`);
  for (const { source, version, since } of status.failing) {
    say(
      `          ${version ? `refuses ${version}` : 'cannot read'} from ${source} ${dim(`since ${since}; its log says why`)}`,
    );
  }
}
