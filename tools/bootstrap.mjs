/**
 * The first thing that runs: turns a fresh clone on any Node from 20 on into one that can run a verb.
 *
 * Plain JavaScript without dependencies, because nothing is installed yet. Dependencies are installed when they differ
 * from package-lock.json, Prisma's clients are generated when they differ from the schemas, and the verb then runs on
 * the Node that the packages brought. Its exit code becomes ours.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node = join(root, 'node_modules/.bin/node');

/** What each verb runs, from the root of the repository. */
const verbs = {
  start: ['tools/start/main.ts'],
  test: ['node_modules/vitest/vitest.mjs', 'run'],
  check: ['tools/check.ts'],
  generate: ['tools/generate.ts'],
  compose: ['tools/compose.ts'],
  smoke: ['tools/smoke.ts'],
  differential: ['gateway/test/differential/main.ts'],
  chaos: ['chaos/main.ts'],
  bench: ['bench/main.ts'],
};

/** Signals that we hand on; the one who gets them decides when the end has come. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/** Null when everything in the lock file is installed, else why it is not. npm writes its own record last. */
function whatIsMissing() {
  const lock = readJson(join(root, 'package-lock.json'));
  const installed = readJson(join(root, 'node_modules/.package-lock.json'));
  if (!installed) return 'dependencies are not installed';
  if (!existsSync(node)) return 'the Node of this repository is not installed';
  for (const [path, wanted] of Object.entries(lock?.packages ?? {})) {
    if (!path.includes('node_modules/') || wanted.optional || wanted.devOptional || wanted.link) continue;
    if (installed.packages[path]?.version !== wanted.version) return 'package-lock.json has changed';
  }
  return null;
}

async function installDependencies() {
  const reason = whatIsMissing();
  if (!reason) return;
  const verb = existsSync(join(root, 'package-lock.json')) ? 'ci' : 'install';
  console.log(`Installing: ${reason}. The first time takes a minute or two.`);
  const started = Date.now();
  const heartbeat = setInterval(() => console.log(`  still installing (${seconds(started)} s)`), 15_000);
  // Started by npm, we use that very npm; its Node may be the one in node_modules, which is about to be replaced.
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const [command, ...prefix] = npm;
  const npmRun = (...words) =>
    runToEnd(command, [...prefix, ...words, '--no-audit', '--no-fund', '--loglevel=error'], {
      ...process.env,
      NODE_ENV: 'development',
    });
  let code = await npmRun(verb);
  if (code !== 0 && verb === 'ci') {
    // A registry that lacks an optional package of some other platform makes `npm ci` give up; `npm install` does not.
    console.log('npm ci failed; trying npm install, which leaves package-lock.json as it is.');
    code = await npmRun('install', '--no-save');
  }
  clearInterval(heartbeat);
  if (code !== 0) fail(`npm failed (exit code ${code}); its messages are above.`);
  if (!existsSync(node)) {
    fail('npm did not run the install scripts that this repository needs: run `npm rebuild node`, then try again.');
  }
  console.log(`Installed in ${seconds(started)} s.`);
}

/** Prisma's clients are not committed. The generator writes those that are missing or whose schema has changed. */
async function generateClients() {
  const generated = join(root, 'prisma/src/__generated__');
  if (!existsSync(generated)) console.log('Generating the database clients.');
  const code = await runToEnd(node, ['prisma/src/generate.ts'], process.env);
  if (code !== 0) fail('The database clients could not be generated; the messages are above.');
}

function runToEnd(command, args, env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', env });
    child.once('error', (error) => {
      console.error(`${command} could not be started: ${error.message}`);
      resolve(127);
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 1)));
  });
}

/** Runs the verb, hands signals on, and lets it leave when the one who started us is gone. */
function runVerb(args) {
  return new Promise((resolve) => {
    const child = spawn(node, args, {
      cwd: root,
      // The channel is a life-line: if we are killed it closes, and the launcher takes everything down.
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, PATH: `${dirname(node)}:${process.env.PATH ?? ''}` },
    });
    for (const signal of signals) process.on(signal, () => child.kill(signal));
    const npm = npmProcess();
    const watch = setInterval(() => {
      if (npm && npmProcess() !== npm) child.kill('SIGTERM');
    }, 1_000);
    watch.unref();
    child.once('error', (error) => fail(`${node} could not be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 1)));
  });
}

/** The npm that runs us, directly or through the shell it uses; null when it is not npm. Changes when npm is gone. */
function npmProcess() {
  if (!process.env.npm_lifecycle_event) return null;
  try {
    const parent = `/proc/${process.ppid}`;
    if (!/^(\S*\/)?(sh|dash|bash)\0-c\0/.test(readFileSync(`${parent}/cmdline`, 'utf8'))) return process.ppid;
    // The fourth field; the second is in parentheses and may hold spaces.
    return Number(readFileSync(`${parent}/stat`, 'utf8').split(') ').at(-1).split(' ')[1]);
  } catch {
    return process.ppid;
  }
}

function seconds(since) {
  return Math.round((Date.now() - since) / 1000);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

function main() {
  const [verb, ...args] = process.argv.slice(2);
  const script = verbs[verb];
  if (!script) fail(`Usage: node tools/bootstrap.mjs <${Object.keys(verbs).join('|')}> [arguments]`);
  if (Number(process.versions.node.split('.')[0]) < 20) fail(`Node 20 or newer is needed; this is ${process.version}.`);
  return prepareAndRun([...script, ...args]);
}

async function prepareAndRun(args) {
  await installDependencies();
  if (spawnSync(node, ['--version']).status !== 0) fail(`${node} does not run: remove node_modules and try again.`);
  await generateClients();
  process.exitCode = await runVerb(args);
  process.exit();
}

await main();
