/**
 * The one catalogue of errors, and the one class that is thrown on purpose.
 *
 * Whatever else is thrown is a bug: it is logged with its stack and masked as INTERNAL on its way out.
 */
export interface ErrorSpec {
  /** The HTTP status of a response that fails as a whole for this reason. */
  readonly status: number;
  /** How loudly it is logged: a client's mistake is not an operator's alarm. */
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** False: the message and details stay inside, and clients see INTERNAL. */
  readonly exposed: boolean;
  /** The message when the thrower gives none. */
  readonly message: string;
}

const notFoundSpec = (what: string): ErrorSpec => ({
  status: 404,
  level: 'debug',
  exposed: true,
  message: `The ${what} does not exist.`,
});

export const ERRORS = {
  UNAUTHENTICATED: { status: 401, level: 'debug', exposed: true, message: 'Sign in first.' },
  FORBIDDEN: { status: 403, level: 'info', exposed: true, message: 'You may not do this.' },
  BAD_USER_INPUT: { status: 400, level: 'debug', exposed: true, message: 'An argument is not valid.' },
  USER_NOT_FOUND: notFoundSpec('user'),
  COURSE_NOT_FOUND: notFoundSpec('course'),
  MODULE_NOT_FOUND: notFoundSpec('module'),
  SECTION_NOT_FOUND: notFoundSpec('section'),
  LESSON_NOT_FOUND: notFoundSpec('lesson'),
  PROBLEM_NOT_FOUND: notFoundSpec('problem'),
  ENROLLMENT_NOT_FOUND: notFoundSpec('enrolment'),
  AI_JOB_NOT_FOUND: notFoundSpec('job'),
  STREAM_NOT_FOUND: notFoundSpec('stream'),
  NOTIFICATION_NOT_FOUND: notFoundSpec('notification'),
  NOT_ENROLLED: { status: 409, level: 'debug', exposed: true, message: 'Enrol in the course first.' },
  ANSWER_INVALID: { status: 400, level: 'debug', exposed: true, message: 'The answer does not fit the problem.' },
  CONFLICT: { status: 409, level: 'debug', exposed: true, message: 'Something else changed it first. Try again.' },
  RATE_LIMITED: { status: 429, level: 'info', exposed: true, message: 'Too many requests. Try again later.' },
  MODEL_UNAVAILABLE: { status: 503, level: 'warn', exposed: true, message: 'The model cannot be reached. Try again.' },
  MODEL_REJECTED: { status: 502, level: 'error', exposed: false, message: 'The model refused the request.' },
  MODEL_OUTPUT_INVALID: { status: 502, level: 'warn', exposed: true, message: 'The model gave no usable answer.' },
  CURSOR_EXPIRED: {
    status: 410,
    level: 'info',
    exposed: true,
    message: 'Events after this cursor are no longer kept. Read the current state and subscribe without a cursor.',
  },
  SUPERGRAPH_CHANGED: {
    status: 410,
    level: 'info',
    exposed: true,
    message:
      'The graph has changed and no longer serves this subscription as it was. Check the document and subscribe again.',
  },
  PAYLOAD_TOO_LARGE: { status: 413, level: 'info', exposed: true, message: 'The request is too large.' },
  BAD_REQUEST: { status: 400, level: 'debug', exposed: true, message: 'The request is not a GraphQL request.' },
  GRAPHQL_PARSE_FAILED: { status: 400, level: 'debug', exposed: true, message: 'The document does not parse.' },
  GRAPHQL_VALIDATION_FAILED: { status: 400, level: 'debug', exposed: true, message: 'The document is not valid.' },
  /** Both the code and the words are what Apollo's clients know. */
  PERSISTED_QUERY_NOT_FOUND: { status: 404, level: 'info', exposed: true, message: 'PersistedQueryNotFound' },
  OPERATION_TOO_LARGE: { status: 400, level: 'info', exposed: true, message: 'The operation asks for too much.' },
  SUBGRAPH_UNAVAILABLE: {
    status: 503,
    level: 'warn',
    exposed: true,
    message: 'A part of the service cannot answer right now. Try again.',
  },
  CLAIMS_REQUIRED: {
    status: 401,
    level: 'warn',
    exposed: true,
    message: 'This service answers the gateway only: valid signed claims are required.',
  },
  SERVICE_UNAVAILABLE: {
    status: 503,
    level: 'warn',
    exposed: true,
    message: 'The service cannot answer right now. Try again.',
  },
  TIMED_OUT: { status: 504, level: 'warn', exposed: true, message: 'It took too long. Try again.' },
  INTERNAL: { status: 500, level: 'error', exposed: false, message: 'Something went wrong on our side.' },
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof ERRORS;
export type NotFoundCode = Extract<ErrorCode, `${string}_NOT_FOUND`>;

export class LyceumError extends Error {
  readonly code: ErrorCode;
  /** Facts for programs, such as `{argument: 'first'}`. Shown to clients if the code is exposed: no secrets. */
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(
    code: ErrorCode,
    message?: string,
    details?: Readonly<Record<string, unknown>>,
    options?: { cause?: unknown },
  ) {
    super(message ?? ERRORS[code].message, options);
    this.name = 'LyceumError';
    this.code = code;
    this.details = details;
  }
}

/** Structural: an error that crossed two copies of this module is still known. */
export function isLyceumError(error: unknown): error is LyceumError {
  return (
    error instanceof Error &&
    error.name === 'LyceumError' &&
    'code' in error &&
    typeof error.code === 'string' &&
    Object.hasOwn(ERRORS, error.code)
  );
}

/** For a row that is absent, and for a row the viewer may not know about: both answer alike. */
export function notFound(code: NotFoundCode): LyceumError {
  return new LyceumError(code);
}

/** Names the argument, so that a form can mark its field. */
export function badInput(argument: string, reason: string): LyceumError {
  return new LyceumError('BAD_USER_INPUT', `${argument}: ${reason}`, { argument, reason });
}

export function unauthenticated(message?: string): LyceumError {
  return new LyceumError('UNAUTHENTICATED', message);
}

export function forbidden(message?: string): LyceumError {
  return new LyceumError('FORBIDDEN', message);
}
