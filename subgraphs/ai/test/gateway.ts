/**
 * What stands where the gateway would: answers the queries of the ai subgraph from lessons of a test, and insists on
 * claims of its own audience, as the gateway does.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CLAIMS_HEADER } from '@lyceum/contracts';
import { isLyceumError, verifyClaims } from '@lyceum/service-kit';

export interface Lesson {
  readonly id: string;
  readonly title: string;
  readonly plainText: string;
}

export interface Problem {
  readonly prompt: string;
  readonly choices: readonly { readonly id: string; readonly text: string }[];
  readonly lesson: Lesson;
  readonly viewerAttempts: readonly { readonly choiceIds: readonly string[]; readonly response: string | null }[];
  readonly viewerSolution: {
    readonly correctChoiceIds: readonly string[];
    readonly answers: readonly string[];
    readonly explanation: string;
  } | null;
}

export interface LessonGateway extends AsyncDisposable {
  readonly url: string;
  readonly lessons: Map<string, Lesson>;
  readonly problems: Map<string, Problem>;
  /** Whose claims came with each query. */
  readonly askedBy: (string | null)[];
  /** Set: every answer carries this error. */
  failure: string | null;
  /** Set: no answer comes. */
  silent: boolean;
}

interface Query {
  readonly query: string;
  readonly variables: { readonly id: string };
}

export async function openLessonGateway(claimsSecret: string): Promise<LessonGateway> {
  async function answer(request: IncomingMessage): Promise<object> {
    const claims = await verifyClaims(String(request.headers[CLAIMS_HEADER]), claimsSecret, 'gateway');
    gateway.askedBy.push(claims.viewer?.id ?? null);
    const { query, variables } = JSON.parse(Buffer.concat(await request.toArray()).toString()) as Query;
    if (query.includes('courses(')) {
      if (gateway.failure !== null) return { data: null, errors: [{ message: gateway.failure }] };
      const lessons = { edges: [...gateway.lessons.values()].map((node) => ({ node })) };
      return { data: { courses: { edges: [{ node: { lessons } }] } } };
    }
    const field = query.includes('problem(') ? 'problem' : 'lesson';
    const found = field === 'problem' ? gateway.problems.get(variables.id) : gateway.lessons.get(variables.id);
    if (gateway.failure !== null) return { data: { [field]: null }, errors: [{ message: gateway.failure }] };
    return { data: { [field]: found ?? null } };
  }
  const server = createServer((request, response) => {
    if (gateway.silent) return;
    answer(request).then(
      (body) => response.end(JSON.stringify(body)),
      (error: unknown) => response.writeHead(isLyceumError(error) ? 401 : 500).end('{}'),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const gateway: LessonGateway = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    lessons: new Map(),
    problems: new Map(),
    askedBy: [],
    failure: null,
    silent: false,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
  return gateway;
}
