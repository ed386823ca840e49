import type { ClientOptions, Traffic } from '../client/index.ts';
import type { Account } from './account.ts';
import type { AttachedImage } from './attached-image.ts';
import type { PageSettings } from './settings/page-settings.ts';
import type { startVoice } from './voice/voice.ts';
import type { VoiceLockOptions } from './voice/voice-lock.ts';
import type { VoiceProblem } from './voice/voice-problem.ts';

/** The functions of the browser that a conversation needs. Tests replace them. */
export interface Environment {
  /** Options of the client that concern the network. */
  readonly network: Pick<ClientOptions, 'fetch' | 'WebSocket' | 'storage' | 'transport'>;
  /** Returns the reason why this page cannot use voice, or undefined if it can. */
  findVoiceProblem(): VoiceProblem | undefined;
  startVoice: typeof startVoice;
  /** Called with every message that is sent or received. */
  onTraffic(traffic: Traffic): void;
  readonly settings: Pick<PageSettings, 'speech' | 'wantsSpeech' | 'resetSpeech' | 'sound'>;
  /** Web Locks and the channel to the other tabs of this browser, where there are such. */
  readonly tabs: Pick<VoiceLockOptions, 'locks' | 'channel'>;
  readonly account: Pick<
    Account,
    | 'getIds'
    | 'requestSession'
    | 'renewIds'
    | 'useIds'
    | 'onAccepted'
    | 'requireSignIn'
    | 'findUser'
    | 'isSignInByApp'
    | 'switchTo'
  >;
  /** Called when the page leaves a conversation in which a typed message was not sent yet. @param image its picture, or the last one of several */
  onUnsent(conversation: string, text: string, image: AttachedImage | undefined): void;
  /** Called when a new conversation takes the place of one that was deleted. Both are names, as in `onUnsent`. */
  onReplaced(before: string, next: string): void;
}
