/**
 * What a person needs to know once everything runs: addresses, accounts, a query to paste, and where the logs are.
 */

import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { styleText } from 'node:util';
import { demoAccounts, demoPassword } from '@lyceum/database';
import { repositoryRoot } from '@lyceum/local-stack';
import type { Running } from './plan.ts';
import { paths } from './state.ts';

const bold = (text: string) => styleText('bold', text, { stream: process.stdout });
const dim = (text: string) => styleText('dim', text, { stream: process.stdout });

export function board({ gatewayUrl, demoToken }: Running, seconds: number): string {
  return [
    '',
    bold(`Lyceum is ready (${seconds.toFixed(1)} s)`),
    '',
    `  GraphQL     ${gatewayUrl} ${dim('(HTTP and WebSocket)')}`,
    `  GraphiQL    ${gatewayUrl} ${dim('(in a browser)')}`,
    `  logs        ${relative(repositoryRoot, paths.logs)}/*.log`,
    '',
    ...(demoToken === null
      ? [`  There is no demo learner: ${bold('npx lyceum seed')} makes one.`]
      : demoPart(demoToken)),
    '',
    dim('Ctrl-C stops everything.'),
  ].join('\n');
}

function demoPart(token: string): string[] {
  const accounts = Object.entries(demoAccounts).map(([role, { email }]) => `  ${role.padEnd(12)}${email}`);
  const query = readFileSync(join(import.meta.dirname, 'board-query.graphql'), 'utf8').trimEnd();
  return [
    `${bold('Demo accounts')} ${dim(`(password ${demoPassword})`)}`,
    ...accounts,
    '',
    `${bold('Paste into GraphiQL')} ${dim('(all four subgraphs answer)')}`,
    query.replace(/^/gm, '  '),
    '',
    `${bold('and under Headers')} ${dim('(the learner, for 15 minutes; the mutation `signIn` gives a new token)')}`,
    `  {"authorization": "Bearer ${token}"}`,
  ];
}
