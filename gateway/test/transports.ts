/**
 * What tests of WebSocket and of server-sent events send, and say who they are by.
 */
export const EVERY = 'subscription { everyTick { n } }';
export const LATEST = 'subscription { latestTick { n filler } }';
export const BOOKS = '{ books { id ... @defer { reviews { stars } } } }';
export const RENAME = 'mutation { rename(id: "p1", name: "Ursula") { name } }';

/** More than the kernel takes for a client that does not read. */
export const FLOOD = { events: 40, bytes: 1024 * 1024 };

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
