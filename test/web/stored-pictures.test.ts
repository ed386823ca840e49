import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { StoredPictures } from '../../src/web/stored-pictures.ts';
import { reduceTranscript } from '../../src/web/transcript/transcript.ts';
import { EMPTY_TRANSCRIPT, type Transcript } from '../../src/web/transcript/transcript-state.ts';
import type { ConnectionEvents, ShownTurn } from '../../src/wire/named-events.ts';

const BITMAP = { width: 1 } as ImageBitmap;
const image = (file: string) => ({ mime_type: 'image/png', file });
const bitmaps = globalThis as { createImageBitmap?: unknown };

beforeEach(() => {
  bitmaps.createImageBitmap = async () => BITMAP;
});
afterEach(() => {
  delete bitmaps.createImageBitmap;
});

/** A page that has received a reset, and a server that has the given files. */
function createPage(turns: ShownTurn[], files: Record<string, string>) {
  const reset: ConnectionEvents['reset'] = { reason: 'unknown_epoch', turns, truncated: false };
  const page = {
    address: 'sessions/me/one',
    transcript: reduceTranscript(EMPTY_TRANSCRIPT, { name: 'reset', data: reset }) as Transcript,
    requests: [] as string[],
  };
  const pictures = new StoredPictures({
    fetch: async (input) => {
      page.requests.push(String(input));
      const content = files[decodeURIComponent(String(input).split('/').at(-1) ?? '')];
      return content === undefined ? new Response('', { status: 404 }) : new Response(content);
    },
    locate: () => page.address,
    dispatch: (action) => {
      page.transcript = reduceTranscript(page.transcript, action);
    },
  });
  return { page, load: () => pictures.load(reset, page.transcript.turns) };
}

const CALL = {
  id: 'c',
  name: 'draw',
  args: {},
  state: 'done',
  pictures: 2,
  images: [image('b.png'), image('c.png')],
} as const;
const TURNS: ShownTurn[] = [
  { role: 'user', text: 'look', pictures: 2, images: [image('a b.png')] },
  { role: 'model', text: 'A chart.', tools: [{ ...CALL, images: [...CALL.images] }] },
];

test('the pictures that a reset names are loaded and shown, and what is missing stays a number', async () => {
  const { page, load } = createPage(TURNS, { 'a b.png': 'one', 'c.png': 'two' });
  await load();
  expect(page.requests.toSorted()).toEqual([
    'sessions/me/one/artifacts/a%20b.png',
    'sessions/me/one/artifacts/b.png',
    'sessions/me/one/artifacts/c.png',
  ]);
  expect(page.transcript.turns).toMatchObject([
    { role: 'user', image: BITMAP, pictures: 1 },
    {
      role: 'agent',
      parts: [{ kind: 'tool', images: [{ mime_type: 'image/png', data: btoa('two') }], pictures: 1 }, {}],
    },
  ]);
});

test('a picture that the page has is not loaded again', async () => {
  const { page, load } = createPage(TURNS, { 'a b.png': 'one', 'b.png': 'two', 'c.png': 'three' });
  await load();
  expect(page.transcript.turns[1]).not.toHaveProperty('parts.0.pictures');
  await load();
  expect(page.requests).toHaveLength(3);
});

test('pictures of a conversation that the page has left are not shown', async () => {
  const { page, load } = createPage(TURNS, { 'a b.png': 'one', 'b.png': 'two', 'c.png': 'three' });
  const loading = load();
  page.address = 'sessions/me/two';
  const { transcript } = page;
  await loading;
  expect(page.transcript).toBe(transcript);
});

test('the newest 20 pictures are loaded', async () => {
  const turns = Array.from(
    { length: 30 },
    (_, index): ShownTurn => ({
      ...{ role: 'user', text: `${index}`, pictures: 1 },
      images: [image(`${index}.png`)],
    }),
  );
  const { page, load } = createPage(turns, Object.fromEntries(turns.map((_, index) => [`${index}.png`, 'x'])));
  await load();
  expect(page.requests.map((url) => url.split('/').at(-1))).toEqual(
    turns
      .map((_, index) => `${index}.png`)
      .slice(10)
      .reverse(),
  );
});
