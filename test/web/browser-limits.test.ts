import { expect, test } from '@jest/globals';
import { chooseActivity } from '../../src/web/activity.ts';
import { decodeBase64, encodeBase64 } from '../../src/web/base64.ts';
import { HearingDetector } from '../../src/web/voice/hearing-detector.ts';
import { findVoiceProblem, toMicrophoneError, toVoiceError } from '../../src/web/voice/voice-problem.ts';

test('base64 encoding and decoding returns the same bytes, also for a megabyte', () => {
  for (const length of [0, 1, 2, 3, 1_000_000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 7919) % 256);
    expect(decodeBase64(encodeBase64(bytes)).every((byte, i) => byte === bytes[i])).toBe(true);
  }
});

test.each([
  ['NotAllowedError', 'why', 'blocked'],
  ['NotAllowedError', 'Permission denied by system', 'blocked_by_system'],
  ['NotFoundError', 'why', 'missing'],
  ['NotReadableError', 'why', 'busy'],
  ['WeirdError', 'why', 'failed'],
] as const)('the microphone error %s (%s) is classified as %s', (name, message, problem) => {
  const error = toMicrophoneError(new DOMException(message, name));
  expect(error.problem).toBe(problem);
  expect(error.detail).toBe(problem === 'failed' ? message : undefined);
});

test('anything that is thrown is a failure with what is known of it', () => {
  expect(toVoiceError('no reason')).toMatchObject({ problem: 'failed', detail: 'no reason' });
  expect(toVoiceError(undefined)).toMatchObject({ problem: 'failed', detail: 'undefined' });
});

test('an insecure address and a browser without audio are detected before the microphone is requested', () => {
  const capable = { isSecureContext: true, hasDevices: true, hasWorklet: true };
  expect(findVoiceProblem(capable)).toBeUndefined();
  expect(findVoiceProblem({ ...capable, isSecureContext: false })).toBe('insecure');
  expect(findVoiceProblem({ ...capable, hasWorklet: false })).toBe('unsupported');
});

test('the activity is chosen by priority: playback, end, connection, model, speech, answer, microphone', () => {
  const idle = {
    phase: 'live',
    upstream: 'ready',
    answering: false,
    hasAnswer: false,
    pendingCall: undefined,
    playing: false,
    voice: 'off',
    silence: undefined,
    hearing: false,
  } as const;
  const inCall = { ...idle, voice: 'on' } as const;
  expect(chooseActivity(idle)).toBe('ready');
  expect(chooseActivity(inCall)).toBe('listening');
  expect(chooseActivity({ ...inCall, hearing: true })).toBe('hearing');
  expect(chooseActivity({ ...inCall, answering: true, hearing: true })).toBe('hearing');
  for (const silence of ['muted', 'system-muted', 'push-to-talk'] as const) {
    expect(chooseActivity({ ...inCall, silence, hearing: true })).toBe(silence);
  }
  expect(chooseActivity({ ...idle, voice: 'starting' })).toBe('starting');
  expect(chooseActivity({ ...idle, voice: 'starting', phase: 'reconnecting' })).toBe('starting');
  expect(chooseActivity({ ...idle, voice: 'starting', phase: 'offline' })).toBe('offline');
  expect(chooseActivity({ ...idle, answering: true })).toBe('thinking');
  expect(chooseActivity({ ...idle, answering: true, hasAnswer: true })).toBe('writing');
  expect(chooseActivity({ ...inCall, answering: true, hasAnswer: true })).toBe('thinking');
  const answer = { ...idle, answering: true, hasAnswer: true };
  expect(chooseActivity({ ...answer, pendingCall: 'running' })).toBe('thinking');
  for (const state of [answer, { ...answer, ...inCall }, { ...answer, upstream: 'working' }]) {
    expect(chooseActivity({ ...state, pendingCall: 'confirming' })).toBe('confirming');
  }
  expect(chooseActivity({ ...idle, upstream: 'connecting', answering: true })).toBe('upstream');
  expect(chooseActivity({ ...idle, upstream: 'reconnecting', answering: true })).toBe('reconnecting');
  expect(chooseActivity({ ...idle, phase: 'reconnecting', playing: true })).toBe('speaking');
  expect(chooseActivity({ ...idle, upstream: 'stalled', answering: true })).toBe('stalled');
  expect(chooseActivity({ ...idle, upstream: 'stalled', answering: true, hasAnswer: true })).not.toBe('stalled');
  expect(chooseActivity({ ...idle, phase: 'offline' })).toBe('offline');
  expect(chooseActivity({ ...idle, phase: 'ended' })).toBe('ended');
});

test('the user speaks from the first loud 100 ms on until 0.6 s of quiet', () => {
  const detector = new HearingDetector();
  detector.addLevel(0.005);
  expect(detector.isHearing.value).toBe(false);
  detector.addLevel(0.1);
  for (let quiet = 0; quiet < 5; quiet += 1) detector.addLevel(0.005);
  expect(detector.isHearing.value).toBe(true);
  detector.addLevel(0.005);
  expect(detector.isHearing.value).toBe(false);
});
