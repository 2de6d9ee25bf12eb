import { expect, test } from 'vitest';
import { isAddressed } from './address.ts';

test('names, addresses and ports are addresses, and so is no Host at all', () => {
  for (const host of ['graph.example.org', 'localhost:4000', '127.0.0.1:4000', '[::1]:4000', undefined]) {
    expect(isAddressed({ headers: { host }, url: '/graphql?query={a}' }), host).toBe(true);
  }
});

test('a Host that no URL can hold is no address', () => {
  for (const host of ['a b/c', '[', '%', 'x:99999999']) {
    expect(isAddressed({ headers: { host }, url: '/graphql' }), host).toBe(false);
  }
});
