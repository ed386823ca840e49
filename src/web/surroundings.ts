import type { EventStream } from './connection.ts';
import type { Answer } from './error-text.ts';
import type { NoticeText } from './notice.ts';
import type { Probe } from './probe.ts';
import type { startVoice } from './voice.ts';

/** The browser, as far as a conversation needs it. */
export interface Surroundings {
  openStream(address: string): EventStream;
  probe(address: string): Promise<Probe>;
  post(address: string, body: string, signal: AbortSignal): Promise<Answer & { ok: boolean }>;
  /** Why there can be no voice here, if so. */
  voiceTrouble(): NoticeText | undefined;
  startVoice: typeof startVoice;
  loadUserId(): string;
  renewUserId(): string;
}
