import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RepeatedJson } from '../../src/json/repeated-json.ts';

const speech = (bytes: number, fill = 1) => Buffer.alloc(bytes, fill).toString('base64');
const plain = (data: string) => JSON.stringify({ mime_type: 'audio/pcm', data });

/** A parser, and the number of texts that it has parsed as a whole. */
function counting() {
  const counted = { whole: 0 };
  const json = new RepeatedJson((text) => {
    counted.whole += 1;
    return JSON.parse(text.toString());
  });
  return { counted, parse: (text: string) => json.parse(Buffer.from(text)) };
}

test.each([
  ['an item of the plain dialect', plain],
  ['a LiveRequest', (data: string) => JSON.stringify({ blob: { mime_type: 'audio/pcm;rate=16000', data } })],
  [
    'a frame of Gemini, with white space',
    (data: string) =>
      JSON.stringify(
        { serverContent: { modelTurn: { parts: [{ text: '' }, { inlineData: { mimeType: 'audio/pcm', data } }] } } },
        null,
        2,
      ),
  ],
  ['a text whose data comes first', (data: string) => JSON.stringify({ data, list: [1, { a: null }], flag: true })],
  ['a list', (data: string) => JSON.stringify([1, data, 'x'])],
  ['a string', (data: string) => JSON.stringify(data)],
  ['a text with the key __proto__', (data: string) => `{"item":{"data":"${data}","__proto__":1},"__proto__":{"a":1}}`],
])('%s is parsed as a whole once, and each time as JSON.parse does', (_, format) => {
  const { counted, parse } = counting();
  for (const bytes of [3_200, 1_600, 3_200, 6, 4_801]) {
    const text = format(speech(bytes, bytes));
    expect(parse(text)).toEqual(JSON.parse(text));
    expect(JSON.stringify(parse(text))).toBe(JSON.stringify(JSON.parse(text)));
  }
  expect(counted.whole).toBe(1);
});

test('speech in pieces of 20 ms, whose MIME type is base64 as well, is parsed as a whole once', () => {
  const { counted, parse } = counting();
  for (const fill of [1, 2, 3]) parse(plain(speech(640, fill)));
  expect(counted.whole).toBe(1);
});

test.each([
  ['50 values beside its data is remembered', 48, 1],
  ['51 values beside its data is not remembered', 49, 3],
])('the form of a text with %s', (_, count, whole) => {
  const { counted, parse } = counting();
  const more = Array.from({ length: count }, () => ({}));
  for (const fill of [1, 2, 3]) parse(JSON.stringify({ more, data: speech(1_200, fill) }));
  expect(counted.whole).toBe(whole);
});

test('a form that is remembered takes nothing from the pool that Node allocates small buffers from', () => {
  const text = Buffer.from(plain(speech(3_200)));
  const json = new RepeatedJson((bytes) => JSON.parse(bytes.toString()));
  let last = Buffer.allocUnsafe(8);
  // The pool is new, so that it does not change between the two buffers.
  while (last.byteOffset !== 0) last = Buffer.allocUnsafe(8);
  json.parse(text);
  const next = Buffer.allocUnsafe(8);
  expect(next.buffer).toBe(last.buffer);
  expect(next.byteOffset).toBe(8);
});

test('a value that was returned does not change when the next text is parsed', () => {
  const { parse } = counting();
  parse(plain(speech(3_200)));
  const values = [speech(1_200, 2), speech(1_200, 3)].map((data) => parse(plain(data)));
  expect(values).toEqual([JSON.parse(plain(speech(1_200, 2))), JSON.parse(plain(speech(1_200, 3)))]);
});

test.each([
  ['that has a quote in place of the data', plain('').replace('""', `"${speech(300)}","data":"x"`)],
  [
    'whose data has a line break, which no JSON string has',
    `{"mime_type":"audio/pcm","data":"${speech(30)}\n${speech(32)}"}`,
  ],
  ['whose data is cut off', plain(speech(3_200)).slice(0, -7)],
  ['that ends after the beginning', '{"mime_type":"audio/pcm","data":'],
  ['that has more after its end', `${plain(speech(3_200))}}`],
  ['whose data is no base64', plain('ü'.repeat(2_000))],
  ['whose data has an escape', plain(speech(3_000)).replace('AQ', '\\u0041Q')],
])('a text %s has the result of JSON.parse', (_, text) => {
  const parse = (parser: (text: string) => unknown) => {
    try {
      return { value: parser(text) };
    } catch {
      return 'an error';
    }
  };
  const json = counting();
  json.parse(plain(speech(3_200)));
  expect(parse(json.parse)).toEqual(parse(JSON.parse));
});

test('a text with the same data in two places is parsed as a whole each time', () => {
  const { counted, parse } = counting();
  const double = (data: string) => `{"data":"${data}","x":{"data":"${data}"}}`;
  for (const bytes of [1_200, 600, 900])
    expect(parse(double(speech(bytes)))).toEqual(JSON.parse(double(speech(bytes))));
  expect(counted.whole).toBe(3);
});

test('the form of the data that JSON.parse would drop, or that is escaped, is not remembered', () => {
  const { parse } = counting();
  for (const data of [speech(1_200, 4), speech(1_200, 5)]) {
    for (const text of [
      `{"a":"${speech(1_200)}","a":"${data}"}`,
      `{"a":"${data}","a":"\\u0041${speech(1_200).slice(1)}"}`,
    ])
      expect(parse(text)).toEqual(JSON.parse(text));
  }
});

test('texts of different forms have the result of JSON.parse, in any order', () => {
  const data = fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes).toString('base64'));
  const format = fc.constantFrom(
    plain,
    (text: string) => JSON.stringify({ data: text, mime_type: 'audio/pcm' }),
    (text: string) => JSON.stringify({ a: [{ text }, text.slice(4)] }),
    (text: string) => JSON.stringify({ mime_type: 'text/plain', data: `"${text}` }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(format, data), { maxLength: 40 }), (steps) => {
      const { parse } = counting();
      for (const [write, text] of steps) expect(parse(write(text))).toEqual(JSON.parse(write(text)));
    }),
  );
});

test('the data under the key __proto__ is not that of a prototype', () => {
  const { parse } = counting();
  for (const bytes of [1_200, 600]) {
    const text = `{"__proto__":{"data":"${speech(bytes)}"}}`;
    expect(JSON.stringify(parse(text))).toBe(text);
  }
});

test('what two values share cannot be changed, and everything else can', () => {
  const { parse } = counting();
  const item = (data: string) => JSON.stringify({ list: [{ data }, { shared: { deep: 1 } }] });
  parse(item(speech(1_200)));
  const { list } = parse(item(speech(600))) as { list: [{ data: string }, { shared: { deep: number } }] };
  list[0].data = '';
  list.length = 2;
  expect(() => {
    list[1].shared.deep = 2;
  }).toThrow(TypeError);
});
