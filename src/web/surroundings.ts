import type { ClientOptions } from '../client/index.ts';
import type { NoticeText } from './notice.ts';
import type { startVoice } from './voice.ts';

/** The browser, as far as a conversation needs it. */
export interface Surroundings {
  /** How the server is reached. */
  readonly network: Pick<ClientOptions, 'fetch' | 'WebSocket' | 'storage' | 'transport'>;
  /** Why there can be no voice here, if so. */
  voiceTrouble(): NoticeText | undefined;
  startVoice: typeof startVoice;
  loadUserId(): string;
  renewUserId(): string;
}
