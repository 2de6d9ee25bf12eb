/**
 * The HTTP side of the embedded model: routes, bounds and error objects of OpenAI's protocol. Builds, never listens.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createHealth, type Lifecycle, type Logger, type Metrics, pathOf } from '@lyceum/service-kit';
import { complete } from './completions.ts';
import { errorBody, MODEL_ID, ProtocolError } from './wire.ts';

const MAX_BODY_BYTES = 2 * 1024 * 1024;

export interface EmbeddedModelOptions {
  /** 0: as fast as it can. */
  readonly tokensPerSecond: number;
  readonly log: Logger;
  readonly life: Lifecycle;
  readonly metrics: Metrics;
}

export function createEmbeddedModelServer(options: EmbeddedModelOptions): Server {
  const { log, life, metrics } = options;
  const health = createHealth({ checks: {}, life, metrics });
  const tokens = metrics.counter({
    name: 'embedded_model_tokens_total',
    help: 'Tokens read and written.',
    labelNames: ['direction'],
  });

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const path = pathOf(request);
    if (path === '/v1/models' || path === `/v1/models/${MODEL_ID}`) {
      requireMethod(request, 'GET');
      const model = { id: MODEL_ID, object: 'model', created: 1_763_683_200, owned_by: 'lyceum' };
      sendJson(response, 200, path === '/v1/models' ? { object: 'list', data: [model] } : model);
    } else if (path === '/v1/chat/completions') {
      requireMethod(request, 'POST');
      const body = await readJson(request);
      const gone = new AbortController();
      response.on('close', () => gone.abort());
      const usage = await complete(body, response, { tokensPerSecond: options.tokensPerSecond, signal: gone.signal });
      tokens.inc({ direction: 'prompt' }, usage.prompt_tokens);
      tokens.inc({ direction: 'completion' }, usage.completion_tokens);
    } else {
      throw new ProtocolError(404, 'unknown_url', `Unknown request URL: ${request.method} ${path}.`);
    }
  };

  return createServer((request, response) => {
    if (health(request, response)) return;
    answer(request, response).catch((error: unknown) => {
      const known =
        error instanceof ProtocolError ? error : new ProtocolError(500, 'internal_error', 'The server failed.');
      if (known !== error) log.error({ err: error }, 'request failed');
      if (response.headersSent) response.destroy();
      else sendJson(response, known.status, errorBody(known));
    });
  });
}

function requireMethod(request: IncomingMessage, method: string): void {
  if (request.method !== method) throw new ProtocolError(405, 'method_not_allowed', `Use ${method}.`);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new ProtocolError(413, 'request_too_large', 'The body is larger than 2 MiB.');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new ProtocolError(400, 'invalid_json', 'The body is not JSON.');
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    connection: status === 413 ? 'close' : 'keep-alive',
  });
  response.end(JSON.stringify(body));
}
