/**
 * Options and arguments that several commands take.
 */
import { DOMAINS, type Domain } from '@lyceum/database';
import { InvalidArgumentError, Option } from 'commander';

export interface DomainOption {
  readonly domain?: Domain;
}

export function domainOption(): Option {
  return new Option('--domain <name>', 'only this one').choices(DOMAINS);
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d{1,9}$/.test(text) || value < 1) throw new InvalidArgumentError('It must be a whole number above zero.');
  return value;
}
