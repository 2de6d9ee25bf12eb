/**
 * GraphiQL for developers, at GET /graphql in a browser: whole in one page, nothing from other hosts.
 *
 * The content security policy holds the page to that: a browser refuses to load or call anything that is not this origin.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Live, pathOf } from '@lyceum/service-kit';
import type { GatewayPolicy } from '../config.ts';
import { ENDPOINT } from './endpoint.ts';

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  // The page is one document with its script in it; its editor's workers are made from that script.
  "script-src 'unsafe-inline' 'unsafe-eval' blob:",
  'worker-src blob:',
  "style-src 'unsafe-inline'",
  'img-src data:',
  'font-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Returns a handler that answers false for every other request, and for all of them while the policy says so. */
export function createGraphiQL(policy: Live<GatewayPolicy>): (req: IncomingMessage, res: ServerResponse) => boolean {
  let page: Promise<Buffer> | undefined;

  return (req, res) => {
    if (!policy.current.developers.graphiql || req.method !== 'GET') return false;
    if (pathOf(req) !== ENDPOINT || !req.headers.accept?.includes('text/html')) return false;
    page ??= renderPage();
    page.then(
      (html) => {
        res.writeHead(200, {
          'content-type': 'text/html; charset=utf-8',
          'content-security-policy': CONTENT_SECURITY_POLICY,
          'referrer-policy': 'no-referrer',
          'x-content-type-options': 'nosniff',
        });
        res.end(html);
      },
      () => res.writeHead(500).end(),
    );
    return true;
  };
}

/** Nine megabytes of editor: imported and rendered when the first developer asks, then kept. */
async function renderPage(): Promise<Buffer> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  return Buffer.from(renderGraphiQL({ title: 'Lyceum', subscriptionsProtocol: 'WS' }));
}
