import WebSocket from 'ws';
import type { GeminiEmulator } from '../../../src/emulator/gemini/emulator.ts';

export const STUDIO_PATH = '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent?key=k';
/** Path of the preview version, which alone knows proactive audio and affective dialog. */
export const PREVIEW_PATH = STUDIO_PATH.replace('v1beta', 'v1alpha');
export const VERTEX_PATH = '/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent?key=k';

export interface RawClient {
  /** Objects are sent as JSON in a text frame, strings and bytes as they are. */
  send(frame: object | string | Uint8Array): void;
  /** Every frame so far, as it came. */
  readonly frames: { data: string; isBinary: boolean }[];
  /** Waits for the next frame that has this text in it. */
  until(text: string): Promise<string>;
  readonly closed: Promise<{ code: number; reason: string }>;
  close(): void;
  /** Stops reading. */
  pause(): void;
}

/** A connection without the SDK, for what the SDK does not send. */
export async function openRaw(
  emulator: Pick<GeminiEmulator, 'url'>,
  path = STUDIO_PATH,
  headers: Record<string, string> = {},
): Promise<RawClient> {
  const socket = new WebSocket(`${emulator.url.replace('http', 'ws')}${path}`, { headers });
  const frames: { data: string; isBinary: boolean }[] = [];
  const watchers = new Set<() => void>();
  let read = 0;
  socket.on('message', (data, isBinary) => {
    frames.push({ data: data.toString(), isBinary });
    for (const watch of watchers) watch();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  // Ignore the error, because `closed` reports what happens to the socket later.
  socket.on('error', () => {});
  return {
    send(frame) {
      const raw = typeof frame === 'string' || frame instanceof Uint8Array;
      socket.send(raw ? frame : JSON.stringify(frame));
    },
    frames,
    until: (text) =>
      new Promise((resolve) => {
        const watch = () => {
          const index = frames.findIndex((frame, place) => place >= read && frame.data.includes(text));
          if (index < 0) return;
          watchers.delete(watch);
          read = index + 1;
          // Found by findIndex just now.
          resolve(frames[index]?.data ?? '');
        };
        watchers.add(watch);
        watch();
      }),
    closed,
    close: () => socket.close(),
    pause: () => socket.pause(),
  };
}

/** A setup message with what it needs, and `more`. */
export function setup(
  more: Record<string, unknown> = {},
  generationConfig: object = { responseModalities: ['TEXT'] },
): object {
  return { setup: { model: 'models/gemini-live-2.5-flash-preview', generationConfig, ...more } };
}
