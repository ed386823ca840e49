import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LiveLog } from '../../../src/session/log/live-log.ts';
import type { LogMessage } from '../../../src/wire/log-entry.ts';
import { audioLength, createLog } from './log-messages.ts';
import { logStep, SilencedEntries } from './log-steps.ts';

const LIMITS = { bytes: 6_000, ageMs: 1_000 };

/** Facts about each appended entry, kept beside the log. */
interface Appended {
  readonly messages: LogMessage[];
  readonly times: number[];
  readonly silenced: SilencedEntries;
}

test('LiveLog after any steps keeps to its limits, holds each entry in its place, and silences only the interrupted author', () => {
  fc.assert(
    fc.property(fc.array(logStep, { minLength: 20, maxLength: 120 }), (steps) => {
      let now = 1_000_000;
      const { log, writer } = createLog({ limits: LIMITS, now: () => now });
      const mirror = new LiveLog({ epoch: log.epoch, limits: LIMITS, now: () => now });
      const appended: Appended = { messages: [], times: [], silenced: new SilencedEntries() };
      let released = 0;
      for (const step of steps) {
        const oldestBefore = log.oldest;
        // Waiting and releasing enforce no limits.
        const enforcesLimits = step.do === 'append' || step.do === 'trim';
        if (step.do === 'wait') now += step.ms;
        else if (step.do === 'trim') for (const each of [log, mirror]) each.trim();
        else if (step.do === 'release') {
          released = Math.max(released, Math.floor(step.share * log.head));
          for (const each of [log, mirror]) each.release(released);
        } else {
          const message = step.message();
          appended.messages.push(message);
          appended.times.push(now);
          appended.silenced.append(appended.messages.length, message);
          mirror.append(writer.append(message));
        }
        expect(log.head).toBe(appended.messages.length);
        expect(log.oldest).toBeGreaterThan(released);
        if (enforcesLimits) expectBounded(log, now, appended.times, oldestBefore);
        expect(findFaults(log, appended)).toEqual([]);
        expect([mirror.oldest, mirror.head, mirror.bytes]).toEqual([log.oldest, log.head, log.bytes]);
      }
      for (let seq = log.oldest; seq <= log.head; seq += 1) expect(mirror.at(seq)).toEqual(log.at(seq));

      // A log that holds nothing counts nothing.
      now += LIMITS.ageMs + 1;
      log.trim();
      expect([log.oldest, log.bytes]).toEqual([log.head + 1, 0]);
    }),
    { numRuns: 150 },
  );
});

function expectBounded(log: LiveLog, now: number, times: readonly number[], oldestBefore: number): void {
  const held = log.head - log.oldest + 1;
  if (held > 1) expect(log.bytes).toBeLessThanOrEqual(LIMITS.bytes);
  let youngEnough = oldestBefore;
  while (youngEnough <= log.head && (times[youngEnough - 1] ?? 0) < now - LIMITS.ageMs) youngEnough += 1;
  expect(log.oldest).toBeGreaterThanOrEqual(youngEnough);
  if (log.oldest === youngEnough) return;
  // Entries were released for their bytes and not for their age: only the newest entry may still have audio.
  for (let seq = log.oldest; seq < log.head; seq += 1) expect(audioLength(log.at(seq)?.entry.message ?? {})).toBe(0);
}

/** Describes what is wrong with the held entries. Cheaper than an assertion for each of them after each step. */
function findFaults(log: LiveLog, { messages, silenced }: Appended): string[] {
  const faults: string[] = [];
  let heldAudio = false;
  for (let seq = log.oldest; seq <= log.head; seq += 1) {
    const held = log.at(seq);
    const original = messages[seq - 1];
    if (!held || !original || held.entry.seq !== seq) {
      faults.push(`${seq} is not in its place`);
      continue;
    }
    const whole = audioLength(original);
    const length = audioLength(held.entry.message);
    if (whole === 0 && held.entry.message !== original) faults.push(`${seq} without audio was changed`);
    if (held.entry.message.event?.id !== original.event?.id) faults.push(`${seq} is another event`);
    if (listTexts(held.entry.message) !== listTexts(original)) faults.push(`${seq} has other text`);
    if (length !== 0 && length !== whole) faults.push(`${seq} has ${length} of ${whole} characters of audio`);
    if (silenced.has(seq) && length > 0) faults.push(`${seq} was silenced and has audio`);
    // 64 characters of base64 are 1 ms.
    const lostMs = length === 0 && !silenced.has(seq) ? whole / 64 : 0;
    if (held.lostAudioMs !== lostMs) faults.push(`${seq} reports ${held.lostAudioMs} ms lost, not ${lostMs}`);
    // The oldest audio is dropped first: behind audio that is held, none was dropped for its bytes.
    if (heldAudio && lostMs > 0) faults.push(`${seq} lost audio before an older entry`);
    heldAudio ||= length > 0;
  }
  return faults;
}

/** Texts of the parts, in their places. */
function listTexts({ event }: LogMessage): string {
  return JSON.stringify(event?.content?.parts?.map(({ text }) => text ?? null));
}
