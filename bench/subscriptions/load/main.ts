/**
 * The process of clients and publisher. Does one thing after the other, as its parent says, and tells what came of it.
 */
import { closeRedis, connectRedis, createLogger } from '@lyceum/service-kit';
import { createToken } from '../../gateway/token.ts';
import { Audience, type Heard } from './audience.ts';
import { SlowReader, type SlowReaderEnd } from './slow-reader.ts';

export interface LoadOptions {
  readonly redisUrl: string;
  readonly privateKey: string;
}

/** What can be asked, and what the answer is. */
export interface LoadWork {
  /** Returns the text of one event. */
  open: (o: { port: number; sockets: number; shares: boolean; signedIn: boolean }) => Promise<string>;
  /** With a reader of large events beside, that one gets 20 a second. */
  measure: (o: { perSecond: number; seconds: number }) => Promise<Heard>;
  fanOut: (o: { seconds: number; atATime: number }) => Promise<Heard>;
  openSlow: (o: { port: number; signedIn: boolean }) => Promise<void>;
  flood: (o: { reads: boolean }) => Promise<void>;
  endSlow: (o: object) => Promise<SlowReaderEnd>;
  close: (o: object) => Promise<void>;
}
export type LoadRequest = {
  [Name in keyof LoadWork]: { readonly name: Name; readonly options: Parameters<LoadWork[Name]>[0] };
}[keyof LoadWork];
export type LoadAnswer = { readonly result: unknown } | { readonly error: string };

const { redisUrl, privateKey } = JSON.parse(process.argv[2] ?? '') as LoadOptions;
const log = createLogger('bench-load', { level: 'warn' });
const redis = await connectRedis(redisUrl, 'publisher', { log });
const LARGE_EVENTS_EACH = 50;

/** Signing takes a millisecond: who has a token keeps it for the next gateway. */
const tokens: string[] = [];
function tokensFor(count: number): readonly string[] {
  while (tokens.length < count) tokens.push(createToken(privateKey));
  return tokens;
}

let audience: Audience | null = null;
let slow: SlowReader | null = null;
const present = (): Audience => {
  if (!audience) throw new Error('nobody is there to hear');
  return audience;
};

const work: LoadWork = {
  async open({ port, sockets, shares, signedIn }) {
    const options = { port, sockets, shares, tokens: signedIn ? tokensFor(sockets) : [] };
    audience = new Audience(redis, options);
    await audience.open(options);
    return audience.sample ?? '';
  },
  measure: ({ perSecond, seconds }) =>
    present().measure(perSecond, seconds, (turn) => {
      if (turn % LARGE_EVENTS_EACH === 0) slow?.publish();
    }),
  fanOut: ({ seconds, atATime }) => present().fanOut(seconds, atATime),
  async openSlow({ port, signedIn }) {
    slow = new SlowReader(redis, port, signedIn ? createToken(privateKey) : null);
    await slow.open();
  },
  flood: async ({ reads }) => await slow?.flood(reads),
  async endSlow() {
    if (!slow) throw new Error('there is no slow reader');
    const end = await slow.end();
    slow = null;
    return end;
  },
  async close() {
    await audience?.close();
    audience = null;
  },
};

process.on('message', ({ name, options }: LoadRequest) => {
  const answer = (told: LoadAnswer) => process.send?.(told);
  (work[name] as (o: unknown) => Promise<unknown>)(options).then(
    (result) => answer({ result }),
    (error: unknown) => answer({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.once('disconnect', () => void closeRedis(redis).finally(() => process.exit(0)));
