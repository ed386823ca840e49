/** Agent of the attacked server, with tools whose author has made every mistake. The build that is attacked decides which package is used. */
import type * as Package from '../../../src/index.ts';

const { Agent, tool }: typeof Package = await import(process.env.BIDI_SSE ?? 'bidi-sse');

const MEGABYTE = 1_024 * 1_024;
const describe = (name: string, execute: () => unknown) => tool({ name, description: name, execute });

export const rootAgent = new Agent({
  name: 'attacked',
  model: 'gemini-live-2.5-flash-preview',
  instruction: 'Repeat.',
  acceptsPersona: true,
  tools: [
    describe('quick', () => ({ ok: true })),
    describe('throws_null_object', () => {
      throw Object.create(null);
    }),
    describe('throws_getter', () => {
      throw Object.defineProperty(new Error('x'), 'message', {
        get() {
          throw new Error('message of an error');
        },
      });
    }),
    describe('throws_undefined', () => Promise.reject()),
    describe('throws_in_timer', () => {
      setTimeout(() => {
        throw new Error('late');
      }, 5);
      return { ok: true };
    }),
    describe('leaves_rejection', () => {
      void Promise.reject(new Error('floating'));
      return { ok: true };
    }),
    describe('throws_in_microtask', () => {
      queueMicrotask(() => {
        throw new Error('late');
      });
      return { ok: true };
    }),
    describe('returns_cycle', () => {
      const cycle: Record<string, unknown> = {};
      cycle.self = cycle;
      return cycle;
    }),
    describe('returns_bigint', () => ({ n: 1n })),
    describe('returns_hostile_json', () => ({
      toJSON() {
        throw Object.create(null);
      },
    })),
    describe('returns_much', () => ({ text: 'x'.repeat(64 * MEGABYTE) })),
    describe('never_ends', () => new Promise(() => {})),
    describe('hostile_then', () => ({
      // biome-ignore lint/suspicious/noThenProperty: the mistake that this tool is about
      get then() {
        throw Object.create(null);
      },
    })),
  ],
});
