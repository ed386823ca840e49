import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { extractGrounding, joinGroundings } from '../../src/wire/grounding.ts';
import { measureCpuMs } from '../cpu-time.ts';

const sourcesOf = (...groundingChunks: unknown[]) => extractGrounding({ groundingChunks })?.sources ?? [];
const web = (uri: unknown, more: object = {}) => ({ web: { uri, title: 't', ...more } });

test('extractGrounding returns web pages, places and documents as sources', () => {
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
])('extractGrounding omits a source with the address %j', (uri) => {
  expect(sourcesOf(web(uri))).toEqual([]);
});

test('extractGrounding titles a source without a title by its domain, or by its host if there is no domain', () => {
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

test('extractGrounding returns a repeated source once, and at most the first 20 sources', () => {
  const many = Array.from({ length: 30 }, (_, i) => web(`https://a.example/${i}`));
  const sources = sourcesOf(many[0], ...many);
  expect(sources.map(({ uri }) => uri)).toEqual(many.slice(0, 20).map((chunk) => chunk.web.uri));
});

test('extractGrounding cuts long texts to one line of 200 characters and splits no character', () => {
  const [source] = sourcesOf(web('https://a.example', { title: `a\n\t b${'😀'.repeat(300)}` }));
  expect([...(source?.title ?? '')]).toEqual(['a', ' ', 'b', ...Array<string>(197).fill('😀')]);
});

test('extractGrounding returns each search query once, at most 10, including those for pictures and documents', () => {
  const queries = Array.from({ length: 12 }, (_, i) => `q${i}`);
  expect(extractGrounding({ webSearchQueries: ['q0', ' ', 7, ...queries] })).toEqual({
    sources: [],
    queries: queries.slice(0, 10),
  });
  expect(extractGrounding({ imageSearchQueries: ['a'], retrievalQueries: ['b', 'a'] })?.queries).toEqual(['a', 'b']);
});

test('extractGrounding of any metadata returns undefined or sources that a page may link to', () => {
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
      for (const { uri, title, domain } of extractGrounding(given)?.sources ?? []) {
        expect(['http:', 'https:']).toContain(new URL(uri).protocol);
        expect(title).not.toBe('');
        expect(domain).not.toBe('');
      }
    }),
  );
});

test('extractGrounding reads each address once: 4,000 long addresses that end in a space take no seconds', () => {
  const groundingChunks = Array.from({ length: 4_000 }, () => web(`https://${'x'.repeat(2_000)} `));
  const cpuMs = measureCpuMs(() => {
    expect(extractGrounding({ groundingChunks })).toBeUndefined();
  });
  expect(cpuMs).toBeLessThan(2_000);
});

test('joined groundings have each source and each query once, the first 20 and 10 of them', () => {
  const list = (count: number, from = 0) => ({
    sources: Array.from({ length: count }, (_, index) => ({ uri: `https://${from + index}.example/`, title: 'Page' })),
    queries: Array.from({ length: count }, (_, index) => `query ${from + index}`),
  });
  expect(joinGroundings(list(3), list(3, 1))).toEqual(list(4));
  const { sources, queries } = joinGroundings(list(15), list(15, 10));
  expect([sources, queries]).toEqual([list(20).sources, list(10).queries]);
  expect(joinGroundings({}, {})).toEqual({});
});
