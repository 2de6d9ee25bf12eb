/** A typed client for frontends. */
export {};
