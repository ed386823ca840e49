import { expect, test } from '@jest/globals';
import { EVERY_USER, Identity, type IdentityStorage, SIGNED_OUT } from '../../src/web/identity.ts';
import { isId } from '../../src/wire/identifiers.ts';

function fakeStorage(): IdentityStorage {
  const values = new Map<string, string>();
  return { getItem: (key) => values.get(key) ?? null, setItem: (key, value) => void values.set(key, value) };
}

test('the user id is the same at a second visit and after a new conversation, which is another session', () => {
  const storage = fakeStorage();
  const { userId } = new Identity(storage).getIds();
  expect(isId(userId)).toBe(true);
  const second = new Identity(storage);
  expect(second.getIds()).toEqual({ userId });
  second.renewIds();
  const renewed = second.getIds();
  expect(renewed).toEqual({ userId, sessionId: expect.stringMatching(/^web-/) });
  expect(new Identity(storage).getIds()).toEqual(renewed);
});

test('the session of the address belongs to whoever is the first user, and to nobody who signs in later', () => {
  const identity = new Identity(fakeStorage());
  identity.request('trip');
  expect(identity.getIds()).toEqual({ userId: expect.stringMatching(/^web-/), sessionId: 'trip' });
  identity.account = SIGNED_OUT;
  identity.account = 'ann';
  expect(identity.getIds()).toEqual({ userId: 'ann', sessionId: 'trip' });
  identity.account = SIGNED_OUT;
  identity.account = 'bob';
  expect(identity.getIds()).toEqual({ userId: 'bob' });
});

test('a session of the address is not that of the next visit, and the session that is used is', () => {
  const storage = fakeStorage();
  const identity = new Identity(storage);
  identity.request('trip');
  const { userId } = identity.getIds();
  expect(new Identity(storage).getIds()).toEqual({ userId });
  identity.useIds({ userId, sessionId: 'trip' });
  expect(new Identity(storage).getIds()).toEqual({ userId, sessionId: 'trip' });
  identity.useIds({ userId, sessionId: 'default' });
  expect(identity.getIds()).toEqual({ userId });
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
    const { sessionId } = identity.getIds();
    expect([identity.getIds().userId, isId(sessionId ?? '')]).toEqual([userId, true]);
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
  expect(identity.getIds()).toEqual({ userId, sessionId: expect.stringMatching(/^web-/) });
});
