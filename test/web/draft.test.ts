import { expect, test } from '@jest/globals';
import type { AttachedImage } from '../../src/web/attached-image.ts';
import { Draft } from '../../src/web/draft.ts';

/** A storage of one tab. */
function createStorage() {
  const items = new Map<string, string>();
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => items.set(key, value),
    removeItem: (key: string) => items.delete(key),
  };
}

test('messages that could not be sent stand before what was being written', () => {
  const draft = new Draft(createStorage());
  draft.save('me/one', 'half a thou');
  draft.prepend('me/one', 'not sent');
  draft.prepend('me/two', 'not sent');
  expect([draft.load('me/one'), draft.load('me/two')]).toEqual(['not sent\nhalf a thou', 'not sent']);
});

test('a draft that is moved is that of the other conversation alone, with its picture', () => {
  const draft = new Draft(createStorage());
  const image = {} as AttachedImage;
  draft.save('me/one', 'half a thou');
  draft.saveImage('me/one', image);
  draft.move('me/one', 'me/two');
  expect([draft.load('me/one'), draft.load('me/two')]).toEqual(['', 'half a thou']);
  expect([draft.getImage('me/one'), draft.getImage('me/two')]).toEqual([undefined, image]);
});

test('the picture of a message that could not be sent is that of the draft, unless the draft has one', () => {
  const draft = new Draft(createStorage());
  const [first, second] = [{} as AttachedImage, {} as AttachedImage];
  draft.prepend('me/one', '', first);
  draft.prepend('me/one', 'not sent', second);
  expect(draft.getImage('me/one')).toBe(first);
  expect(draft.load('me/one')).toBe('not sent');
});
