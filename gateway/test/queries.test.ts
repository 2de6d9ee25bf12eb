/**
 * Queries and mutations over HTTP, through real subgraphs.
 */
import { eventually } from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openGateway, type TestGateway } from './harness.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway.close());

test('a query across three subgraphs is answered', async () => {
  const { status, data, errors } = await gateway.ask(
    '{ books { title author { name } reviews { stars reviewer { name } } } }',
  );
  expect(errors).toBeUndefined();
  expect(status).toBe(200);
  expect(data).toEqual({
    books: [
      {
        title: 'The Dispossessed',
        author: { name: 'Ursula' },
        reviews: [{ stars: 5, reviewer: { name: 'Stanisław' } }],
      },
      { title: 'Solaris', author: { name: 'Stanisław' }, reviews: [] },
    ],
  });
});

test('a mutation is answered, and refused by GET', async () => {
  const { data } = await gateway.ask('mutation ($n: String!) { rename(id: "p1", name: $n) { name } }', {
    variables: { n: 'U.' },
  });
  expect(data).toEqual({ rename: { name: 'U.' } });

  const before = gateway.subgraphs.calls.length;
  const link = `${gateway.url}?query=${encodeURIComponent('mutation { rename(id: "p1", name: "x") { name } }')}`;
  const response = await fetch(link, { headers: { accept: 'application/graphql-response+json' } });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
  expect(gateway.subgraphs.calls.length).toBe(before);
});

test('a query by GET is answered', async () => {
  const response = await fetch(`${gateway.url}?query=${encodeURIComponent('{ book(id: "b1") { title } }')}`);
  expect(await response.json()).toEqual({ data: { book: { title: 'The Dispossessed' } } });
});

test('a subgraph that is down gives one clear error and the rest of the data', async () => {
  await gateway.subgraphs.stop('reviews');
  try {
    const { status, data, errors } = await gateway.ask('{ books { title reviews { stars } } }');
    expect(status).toBe(200);
    expect(data).toEqual({
      books: [
        { title: 'The Dispossessed', reviews: null },
        { title: 'Solaris', reviews: null },
      ],
    });
    expect(errors).toEqual([
      {
        message: 'A part of the service cannot answer right now. Try again.',
        path: ['books', 0, 'reviews'],
        extensions: { code: 'SUBGRAPH_UNAVAILABLE' },
      },
    ]);
  } finally {
    await gateway.subgraphs.start('reviews');
  }
  const again = await gateway.ask('{ books { reviews { stars } } }');
  expect(again.errors).toBeUndefined();
});

test('a reference to what its subgraph does not show is null, and no error', async () => {
  const { data, errors } = await gateway.ask('{ books { title editor { name } } }');
  expect(data).toEqual({
    books: [
      { title: 'The Dispossessed', editor: { name: 'Stanisław' } },
      { title: 'Solaris', editor: null },
    ],
  });
  expect(errors).toBeUndefined();
});

test('a query whose client is gone is given up, and the gateway goes on', async () => {
  const leaving = new AbortController();
  const pending = fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ slow }' }),
    signal: leaving.signal,
  });
  await eventually(() => gateway.subgraphs.calls.includes('people.slow'));
  leaving.abort();
  await expect(pending).rejects.toThrow();
  await eventually(async () => {
    const metrics = await (await fetch(`${gateway.origin}/metrics`)).text();
    return /subgraph_seconds_count\{.*subgraph="people",outcome="unavailable"\} 1/.test(metrics);
  });
  expect((await gateway.ask('{ book(id: "b2") { title } }')).data).toEqual({ book: { title: 'Solaris' } });
});

test('an error of the catalogue keeps its message, and an unexpected one is masked', async () => {
  const { data, errors } = await gateway.ask('{ denied fault }');
  expect(data).toEqual({ denied: null, fault: null });
  expect(errors).toHaveLength(2);
  expect(errors).toContainEqual({ message: 'Not for you.', path: ['denied'], extensions: { code: 'FORBIDDEN' } });
  expect(errors).toContainEqual({
    message: 'Something went wrong on our side.',
    path: ['fault'],
    extensions: { code: 'INTERNAL' },
  });
  expect(JSON.stringify(errors)).not.toMatch(/hunter2|reviews/);
});

test('a document or value that is not valid suggests no names', async () => {
  const field = await gateway.ask('{ book(id: "b1") { titel } }');
  expect(field.status).toBe(400);
  expect(field.errors?.[0]).toMatchObject({ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } });

  const value = await gateway.ask('query ($s: Shelf) { books(shelf: $s) { id } }', { variables: { s: 'SCIENCES' } });
  expect(value.status).toBe(400);
  expect(value.errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });

  const syntax = await gateway.ask('{ book(id: ');
  expect(syntax.errors?.[0]).toMatchObject({ extensions: { code: 'GRAPHQL_PARSE_FAILED' } });
  expect(JSON.stringify([field, value, syntax])).not.toMatch(/did you mean/i);
});

test('a text that no database can hold is refused before any subgraph is called, in a variable and in the document', async () => {
  const before = gateway.subgraphs.calls.length;
  for (const text of ['a\u0000b', '\ud800', 'a\udc00']) {
    const inVariable = await gateway.ask('mutation ($n: String!) { rename(id: "p1", name: $n) { name } }', {
      variables: { n: text },
    });
    expect(inVariable.status).toBe(400);
    expect(inVariable.errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
    expect(inVariable.errors?.[0]?.message).toContain('$n');
  }
  const inDocument = await gateway.ask('mutation { rename(id: "p1", name: "a\\u0000b") { name } }');
  expect(inDocument.status).toBe(400);
  expect(inDocument.errors?.[0]).toMatchObject({ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } });
  expect(gateway.subgraphs.calls.length).toBe(before);

  const whole = await gateway.ask('mutation ($n: String!) { rename(id: "p1", name: $n) { name } }', {
    variables: { n: 'Ursula 🚀\ud83d\ude80' },
  });
  expect(whole.data).toEqual({ rename: { name: 'Ursula 🚀🚀' } });
});

test('introspection is answered only while the policy opens it', async () => {
  const refused = await gateway.ask('{ __schema { queryType { name } } }');
  expect(refused.errors?.[0]).toMatchObject({ extensions: { code: 'FORBIDDEN' } });
});

test('a request id is kept, reaches subgraphs and is given back', async () => {
  const { data, headers } = await gateway.ask('{ seen { requestId } }', { headers: { 'x-request-id': 'order-66' } });
  expect(data).toEqual({ seen: { requestId: 'order-66' } });
  expect(headers.get('x-request-id')).toBe('order-66');
});
