import { expect, test } from '@jest/globals';
import { activityOf } from '../../src/web/activity.ts';
import { decodeBase64, encodeBase64 } from '../../src/web/base64.ts';
import { explainMicrophoneError, missingMicrophone } from '../../src/web/microphone-trouble.ts';
import { loadUserId, renewUserId } from '../../src/web/user-id.ts';
import { isId } from '../../src/wire/identifiers.ts';

function fakeStorage(): Pick<Storage, 'getItem' | 'setItem'> {
  const values = new Map<string, string>();
  return { getItem: (key) => values.get(key) ?? null, setItem: (key, value) => void values.set(key, value) };
}

test('user id: the second visit, finds the first one; a new conversation, another', () => {
  const storage = fakeStorage();
  const id = loadUserId(storage);
  expect(isId(id)).toBe(true);
  expect(loadUserId(storage)).toBe(id);
  const next = renewUserId(storage);
  expect(next).not.toBe(id);
  expect(loadUserId(storage)).toBe(next);
});

test('user id: no storage, forbidden storage or nonsense in it, a valid one all the same', () => {
  const forbidden = {
    getItem(): string {
      throw new DOMException('', 'SecurityError');
    },
    setItem(): void {
      throw new DOMException('', 'SecurityError');
    },
  };
  expect(isId(loadUserId(undefined))).toBe(true);
  expect(isId(loadUserId(forbidden))).toBe(true);
  expect(isId(loadUserId({ getItem: () => '../x', setItem: () => undefined }))).toBe(true);
});

test('base64: any bytes, come back; a picture of a megabyte, too', () => {
  for (const length of [0, 1, 2, 3, 1_000_000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 7919) % 256);
    expect(decodeBase64(encodeBase64(bytes)).every((byte, i) => byte === bytes[i])).toBe(true);
  }
});

test.each([
  ['NotAllowedError', 'The microphone is blocked.'],
  ['NotFoundError', 'No microphone was found.'],
  ['NotReadableError', 'The microphone is in use by another program.'],
  ['WeirdError', 'Audio could not be started.'],
])('microphone: %s, said in words with something to do', (name, text) => {
  const explained = explainMicrophoneError(new DOMException('why', name));
  expect(explained.text).toBe(text);
  expect(explained.advice).toBeTruthy();
});

test('microphone: an insecure address or an old browser, known beforehand', () => {
  const capable = { isSecureContext: true, hasDevices: true, hasWorklet: true };
  expect(missingMicrophone(capable)).toBeUndefined();
  expect(missingMicrophone({ ...capable, isSecureContext: false })?.text).toBe('Voice needs a secure address.');
  expect(missingMicrophone({ ...capable, hasWorklet: false })?.text).toContain('no audio');
});

test('activity: what the agent does, in the order of what matters', () => {
  const idle = {
    phase: 'live',
    upstream: 'ready',
    answering: false,
    begun: false,
    playing: false,
    voice: false,
    muted: false,
  } as const;
  expect(activityOf(idle)).toBe('ready');
  expect(activityOf({ ...idle, voice: true })).toBe('listening');
  expect(activityOf({ ...idle, voice: true, muted: true })).toBe('muted');
  expect(activityOf({ ...idle, answering: true })).toBe('thinking');
  expect(activityOf({ ...idle, answering: true, begun: true })).toBe('writing');
  expect(activityOf({ ...idle, answering: true, begun: true, voice: true })).toBe('thinking');
  expect(activityOf({ ...idle, upstream: 'connecting', answering: true })).toBe('upstream');
  expect(activityOf({ ...idle, upstream: 'reconnecting', answering: true })).toBe('reconnecting');
  expect(activityOf({ ...idle, phase: 'reconnecting', playing: true })).toBe('speaking');
  expect(activityOf({ ...idle, phase: 'offline' })).toBe('offline');
  expect(activityOf({ ...idle, phase: 'ended' })).toBe('ended');
});
