/**
 * What a person needs to know once everything runs: addresses, accounts, a query to paste, and where the logs are.
 */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { styleText } from 'node:util';
import { repositoryRoot } from '@lyceum/local-stack';
import { demoAccounts, demoPassword } from '../demo/demo-accounts.ts';
import type { Running } from './plan.ts';
import { paths } from './state.ts';

const bold = (text: string) => styleText('bold', text, { stream: process.stdout });
const dim = (text: string) => styleText('dim', text, { stream: process.stdout });

export function board({ gatewayUrl, demo }: Running, seconds: number): string {
  const accounts = Object.entries(demoAccounts).map(([role, email]) => `  ${role.padEnd(12)}${email}`);
  const query = readFileSync(join(import.meta.dirname, 'board-query.graphql'), 'utf8').trimEnd();
  return [
    '',
    bold(`Lyceum is ready (${seconds.toFixed(1)} s)`),
    '',
    `  GraphQL     ${gatewayUrl} ${dim('(HTTP and WebSocket)')}`,
    `  GraphiQL    ${gatewayUrl} ${dim('(in a browser)')}`,
    `  logs        ${relative(repositoryRoot, paths.logs)}/*.log`,
    '',
    ...(demo ? demoPart(accounts, query) : [`  The databases were not seeded: ${bold('npx lyceum seed')} does it.`]),
    '',
    dim('Ctrl-C stops everything.'),
  ].join('\n');
}

function demoPart(accounts: readonly string[], query: string): string[] {
  return [
    `${bold('Demo accounts')} ${dim(`(password ${demoPassword})`)}`,
    ...accounts,
    '',
    `${bold('Sign in')} ${dim('and put the token into the header {"authorization": "Bearer <accessToken>"}')}`,
    `  mutation { signIn(input: {email: "${demoAccounts.learner}", password: "${demoPassword}"}) { ... on Session { accessToken } } }`,
    '',
    `${bold('Then ask all four subgraphs')}`,
    query.replace(/^/gm, '  '),
  ];
}
