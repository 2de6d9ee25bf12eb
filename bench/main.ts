/**
 * `npm run bench -- <name>`: measures, and says whether what is promised holds.
 *
 * Prints for people while it works. The last line is one JSON object; the exit code is 0 only if every promise was kept.
 */
import { installPeers } from './install.ts';
import { type CommandLine, readCommandLine } from './options.ts';

const HELP = `Usage: npm run bench -- <name> [options]

  gateway          Lyceum's gateway, a floor written by hand and other gateways, in rounds, each alone on its core
  gateway-growth   how speed changes with size of answer, length of lists, depth, number of operations, connections
  subscriptions    what live sockets cost in memory and in time, a fan-out, and a client that does not read
  data             the cost of the router and of Prisma beside plain \`pg\`, and what shards and replicas bring
  draw [FILE]      draws docs/figures/gateway-bench.svg from the last whole run of \`gateway\`, or from FILE

  --quick              a run of under a minute, of those whom a promise names
  --only ID,ID         these participants alone (gateway: what is promised of others cannot hold then)
  --rounds N           visits to each participant (3; quick: 1); subscriptions: rounds or pairs in each phase;
                       data: five short visits to each
  --seconds N          measured at each visit (3; quick: 1)
  --connections N      at the same time (50)
  --gateway-core N     of the participant that is measured (0)
  --rest-core N        of load generator and subgraphs (1)
  --help               this text

The peers are installed when they are missing. Whole runs are written to bench/results/, others to .lyceum/bench/.
Run it on a machine with nothing else to do: a neighbour's work is seen in every figure.`;

async function run({ name, file, options }: CommandLine): Promise<boolean> {
  // Loaded late: what they import is installed by then.
  if (name === 'draw') {
    const { drawGateway } = await import('./draw.ts');
    console.log(JSON.stringify({ name, holds: true, ...drawGateway(file) }));
    return true;
  }
  if (name === 'data') {
    // No peers: what it is measured beside is installed with the repository.
    const { runData } = await import('./data/run.ts');
    return await runData(options);
  }
  await installPeers();
  if (name === 'subscriptions') {
    const { runSubscriptions } = await import('./subscriptions/run.ts');
    return await runSubscriptions(options);
  }
  const { runComparison, runGrowth } = await import('./gateway/run.ts');
  return name === 'gateway' ? await runComparison(options) : await runGrowth(options);
}

async function main(): Promise<void> {
  let commandLine: CommandLine;
  try {
    commandLine = readCommandLine(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
    process.exitCode = 2;
    return;
  }
  const known = ['gateway', 'gateway-growth', 'subscriptions', 'data', 'draw'].includes(commandLine.name ?? '');
  if (commandLine.help || !known) {
    console.log(HELP);
    process.exitCode = commandLine.help ? 0 : 2;
    return;
  }
  try {
    process.exitCode = (await run(commandLine)) ? 0 : 1;
  } catch (error) {
    console.error(error);
    console.log(JSON.stringify({ name: commandLine.name, holds: false, error: String(error) }));
    process.exitCode = 1;
  }
}

await main();
