/**
 * Something that a person can put right: shown as one message, without a stack, and the command ends with code 1.
 */
import { isLyceumError } from '@lyceum/service-kit';

export class Failure extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'Failure';
  }
}

export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  // What clients are told of a server that is away is less than what an operator needs.
  if (isLyceumError(error) && error.cause instanceof Error) return reasonOf(error.cause);
  return error instanceof Error ? error.message || error.name : String(error);
}
