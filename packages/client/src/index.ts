/**
 * A typed client for frontends: queries and mutations over fetch, subscriptions over WebSocket or server-sent events that
 * lose no event and bring none twice. For browsers and Node.
 */
export {
  createLyceumClient,
  type LyceumClient,
  type LyceumClientOptions,
  type RequestOptions,
  type SubscribeOptions,
} from './client.ts';
export { type ClientErrorCode, type GraphError, isLyceumClientError, LyceumClientError } from './errors.ts';
export type { DocumentIdOf, Operation } from './operations.ts';
export type { ResumeOptions, SubscriptionMessage } from './subscriptions/resume.ts';
export type { WebSocketImplementation } from './subscriptions/websocket.ts';
export type { TokenOptions } from './tokens.ts';
export type { RetryPolicy } from './waiting.ts';
