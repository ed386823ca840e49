import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { groundingOf } from '../../src/wire/grounding.ts';

const sourcesOf = (...groundingChunks: unknown[]) => groundingOf({ groundingChunks })?.sources ?? [];
const web = (uri: unknown, more: object = {}) => ({ web: { uri, title: 't', ...more } });

test('groundingOf web pages, places and documents gives each as a source', () => {
  expect(
    sourcesOf(
      { web: { uri: 'https://a.example/x?y#z', title: 'A page', domain: 'a.example' } },
      { maps: { uri: 'https://maps.example/?cid=1', title: 'A café', placeId: 'p1' } },
      { retrievedContext: { uri: 'http://docs.example/d', title: 'A document', text: 'long' } },
    ),
  ).toEqual([
    { uri: 'https://a.example/x?y#z', title: 'A page', domain: 'a.example' },
    { uri: 'https://maps.example/?cid=1', title: 'A café' },
    { uri: 'http://docs.example/d', title: 'A document' },
  ]);
});

test.each([
  ['javascript:alert(1)'],
  ['JavaScript:alert(1)//http://a.example'],
  [' https://a.example'],
  ['java\nscript:x'],
  ['data:text/html,x'],
  ['gs://bucket/file'],
  ['//a.example'],
  ['https://'],
  ['https:///x'],
  ['https://a.example/a b'],
  ['https://a.example/a\n'],
  ['ftp://a.example'],
  [`https://a.example/${'x'.repeat(2_048)}`],
  [''],
  [7],
  [undefined],
])('groundingOf a source at %j leaves it out', (uri) => {
  expect(sourcesOf(web(uri))).toEqual([]);
});

test('groundingOf a source without a title names it by its domain, or else by its host', () => {
  expect(
    sourcesOf(
      { web: { uri: 'https://redirect.example/1', domain: 'news.example' } },
      { web: { uri: 'https://good.example:8443@evil.example:80/x', title: ' ' } },
    ),
  ).toEqual([
    { uri: 'https://redirect.example/1', title: 'news.example', domain: 'news.example' },
    { uri: 'https://good.example:8443@evil.example:80/x', title: 'evil.example:80' },
  ]);
});

test('groundingOf a source that comes twice gives it once, and of more than 20 the first 20', () => {
  const many = Array.from({ length: 30 }, (_, i) => web(`https://a.example/${i}`));
  const sources = sourcesOf(many[0], ...many);
  expect(sources.map(({ uri }) => uri)).toEqual(many.slice(0, 20).map((chunk) => chunk.web.uri));
});

test('groundingOf long and folded texts gives one line of 200 characters, none torn in two', () => {
  const [source] = sourcesOf(web('https://a.example', { title: `a\n\t b${'😀'.repeat(300)}` }));
  expect([...(source?.title ?? '')]).toEqual(['a', ' ', 'b', ...Array<string>(197).fill('😀')]);
});

test('groundingOf queries gives each once, at most 10, and those of pictures and documents too', () => {
  const queries = Array.from({ length: 12 }, (_, i) => `q${i}`);
  expect(groundingOf({ webSearchQueries: ['q0', ' ', 7, ...queries] })).toEqual({
    sources: [],
    queries: queries.slice(0, 10),
  });
  expect(groundingOf({ imageSearchQueries: ['a'], retrievalQueries: ['b', 'a'] })?.queries).toEqual(['a', 'b']);
});

test('groundingOf anything: nothing at all, or what may be linked to', () => {
  const chunk = fc.record(
    { uri: fc.oneof(fc.webUrl(), fc.string(), fc.anything()), title: fc.anything(), domain: fc.anything() },
    { requiredKeys: [] },
  );
  const metadata = fc.record(
    {
      groundingChunks: fc.oneof(fc.anything(), fc.array(fc.oneof(fc.anything(), fc.record({ web: chunk })))),
      webSearchQueries: fc.anything(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(metadata, (given) => {
      for (const { uri, title, domain } of groundingOf(given)?.sources ?? []) {
        expect(['http:', 'https:']).toContain(new URL(uri).protocol);
        expect(title).not.toBe('');
        expect(domain).not.toBe('');
      }
    }),
  );
});
