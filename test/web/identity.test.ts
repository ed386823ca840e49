import { expect, test } from '@jest/globals';
import { EVERY_USER, Identity, type IdentityStorage, SIGNED_OUT } from '../../src/web/identity.ts';
import { isId } from '../../src/wire/identifiers.ts';

function fakeStorage(): IdentityStorage {
  const values = new Map<string, string>();
  return { getItem: (key) => values.get(key) ?? null, setItem: (key, value) => void values.set(key, value) };
}

test('the user id is the same at a second visit, and another after a new conversation', () => {
  const storage = fakeStorage();
  const { userId } = new Identity(storage).getIds();
  expect(isId(userId)).toBe(true);
  const second = new Identity(storage);
  expect(second.getIds()).toEqual({ userId });
  second.renewIds();
  const renewed = second.getIds();
  expect(renewed.userId).not.toBe(userId);
  expect(new Identity(storage).getIds()).toEqual(renewed);
});

test('the ids of an open page stay the same when another tab starts another conversation', () => {
  const storage = fakeStorage();
  const page = new Identity(storage);
  const ids = page.getIds();
  new Identity(storage).renewIds();
  expect(page.getIds()).toEqual(ids);
});

test('the user id is valid without storage, with forbidden storage and with an invalid stored value', () => {
  const forbidden = {
    getItem(): string {
      throw new DOMException('', 'SecurityError');
    },
    setItem(): void {
      throw new DOMException('', 'SecurityError');
    },
  };
  for (const storage of [undefined, forbidden, { getItem: () => '../x', setItem: () => undefined }]) {
    const identity = new Identity(storage);
    const { userId } = identity.getIds();
    expect(isId(userId)).toBe(true);
    identity.renewIds();
    expect(isId(identity.getIds().userId)).toBe(true);
    expect(identity.getIds().userId).not.toBe(userId);
  }
});

test('a page that is signed in uses the id of its user, and starts a new conversation as another session', () => {
  const storage = fakeStorage();
  const identity = new Identity(storage);
  identity.account = 'ann';
  expect(identity.getIds()).toEqual({ userId: 'ann' });
  identity.renewIds();
  const ids = identity.getIds();
  expect(ids).toEqual({ userId: 'ann', sessionId: expect.stringMatching(/^web-/) });
  expect(new Identity(storage).getIds()).toEqual(ids);
});

test('a user who signs in again continues the same session, and another user does not', () => {
  const identity = new Identity(fakeStorage());
  identity.account = 'ann';
  identity.renewIds();
  const ids = identity.getIds();
  identity.account = SIGNED_OUT;
  expect(identity.getIds()).toEqual(ids);
  identity.account = 'ann';
  expect(identity.getIds()).toEqual(ids);
  identity.account = 'bob';
  expect(identity.getIds()).toEqual({ userId: 'bob' });
});

test('a page whose token belongs to every user has a random user id', () => {
  const identity = new Identity(fakeStorage());
  identity.account = EVERY_USER;
  const { userId, sessionId } = identity.getIds();
  expect([userId.startsWith('web-'), sessionId]).toEqual([true, undefined]);
  identity.renewIds();
  expect(identity.getIds().userId).not.toBe(userId);
});
