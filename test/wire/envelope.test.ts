import { describe, expect, test } from '@jest/globals';
import { readEnvelope, readEnvelopeQuery } from '../../src/wire/envelope.ts';

const EPOCH = 'AAAAAAAAAAAAAAAA';
const malformed = (error: RegExp) =>
  expect.objectContaining({ code: 'malformed_envelope', message: expect.stringMatching(error) });

describe('readEnvelope', () => {
  test.each([[null], ['client'], [[]], [[{ client: 'a' }]], [{}], [{ mime_type: 'text/plain', data: 'client' }]])(
    'returns undefined for %j',
    (body) => {
      expect(readEnvelope(body)).toBeUndefined();
    },
  );

  test('reads all fields', () => {
    const items = [{ close: true }, 3];
    expect(readEnvelope({ client: 'a.b', cseq: 7, ack: `${EPOCH}.12`, items })).toEqual({
      envelope: { client: 'a.b', cseq: 7, ack: { epoch: EPOCH, seq: 12 } },
      items,
    });
  });

  test.each([[{ client: 'a' }], [{ client: 'a', cseq: null, ack: null }]])(
    'reads %j as a client without number and acknowledgement',
    (body) => {
      expect(readEnvelope(body)).toEqual({ envelope: { client: 'a', cseq: undefined, ack: undefined }, items: [] });
    },
  );

  test('reads an acknowledgement of some frames of an entry as one of the entry before it', () => {
    expect(readEnvelope({ client: 'a', ack: `${EPOCH}.12-1` })?.envelope.ack).toEqual({ epoch: EPOCH, seq: 11 });
  });

  test.each([
    ['client', [null, 3, '', '-a', 'a b', 'a/b', 'x'.repeat(129), {}, []], /^client must be/],
    ['cseq', ['1', 0, -1, 1.5, 1e20, 2 ** 53, Number.NaN, true, {}], /^cseq must be a whole number from 1/],
    ['ack', [3, '', 'x', `${EPOCH}`, `${EPOCH}.`, `${EPOCH}.-1`, `${EPOCH}.1-`, 'short.1', {}], /^ack must be/],
    ['items', [null, 'x', {}, 3], /^items must be an array/],
  ])('rejects invalid values of %s', (field, values, error) => {
    for (const value of values) {
      expect(() => readEnvelope({ client: 'a', cseq: 1, ack: `${EPOCH}.0`, [field]: value })).toThrow(malformed(error));
    }
  });
});

test('a number without an ack is malformed, because it may belong to another epoch', () => {
  expect(() => readEnvelope({ client: 'a', cseq: 1 })).toThrow(malformed(/^cseq needs an ack/));
  expect(() => readEnvelopeQuery(new URLSearchParams('client=a&cseq=1'))).toThrow(malformed(/^cseq needs an ack/));
});

describe('readEnvelopeQuery', () => {
  const read = (query: string) => readEnvelopeQuery(new URLSearchParams(query));

  test('returns undefined for a query without a client', () => {
    expect(read(`cseq=1&ack=${EPOCH}.1`)).toBeUndefined();
  });

  test('reads the same fields as an envelope', () => {
    expect(read(`client=a&cseq=7&ack=${EPOCH}.12`)).toEqual({
      client: 'a',
      cseq: 7,
      ack: { epoch: EPOCH, seq: 12 },
    });
    expect(read('client=a')).toEqual({ client: 'a', cseq: undefined, ack: undefined });
  });

  test.each(['', 'x', '0', '-1', '1.5', '1e3', '0x1', ' 1', '9007199254740993', '100000000000000000000'])(
    'rejects the cseq "%s"',
    (cseq) => {
      expect(() => read(`client=a&cseq=${encodeURIComponent(cseq)}`)).toThrow(malformed(/^cseq/));
    },
  );

  test.each(['client=', 'client=a%20b', 'client=a&ack=', 'client=a&ack=what'])('rejects the query %s', (query) => {
    expect(() => read(query)).toThrow(malformed(/^(client|ack) must be/));
  });
});
