import { fitWindow } from './context-window.ts';
import type { ConversationHistory } from './conversation-history.ts';
import type { ClientMessage, RealtimeInput } from './gemini-client-message.ts';
import type { ReceivedContent } from './gemini-content.ts';
import type { ServerMessage } from './gemini-frames.ts';
import type { HeardPcm, ReceivedImage } from './gemini-media.ts';
import { takesClientContentOnlyAtFirst } from './gemini-models.ts';
import { invalid } from './gemini-refusal.ts';
import type { GeminiSetup } from './gemini-setup.ts';
import { createHearing, type Utterance } from './hearing.ts';
import type { PacedSender } from './paced-sender.ts';
import { speechClips } from './speech-clips.ts';
import { createTurnTaking } from './turn-taking.ts';

/** What happens on a connection once setup is complete. */
export interface GeminiSession {
  /** @throws {GeminiRefusal} for what this setup does not allow */
  take(message: ClientMessage): void;
  close(): void;
}

export interface GeminiSessionOptions {
  readonly setup: GeminiSetup;
  readonly service: 'gemini' | 'vertex';
  readonly history: ConversationHistory;
  readonly sender: PacedSender;
  readonly toolWaitMs: number;
  send(message: ServerMessage): void;
  onTurnStart(): void;
  onTurnEnd(): void;
}

/** How far the speech that is sent runs ahead of real time, ms. */
const HEAD_START_MS = 700;
/** Images remembered until the next turn; older ones are forgotten. */
const MAX_IMAGES = 16;
/** Characters of text within one activity; the rest is not read. */
const MAX_ACTIVITY_TEXT = 8_192;

export function openSession(options: GeminiSessionOptions): GeminiSession {
  const { history, send } = options;
  let { setup } = options;
  let seeding = setup.seedsHistory;
  let images: ReceivedImage[] = [];
  /** What was typed between activityStart and activityEnd; undefined outside. */
  let activityText: string | undefined;
  // Read now, so that missing clips refuse the session and not its first answer.
  if (setup.modality === 'AUDIO') speechClips();
  const manual = setup.activityDetection.disabled;
  const turns = createTurnTaking({ ...options, setup: () => setup, headStartMs: HEAD_START_MS });

  const hearing = createHearing(setup.activityDetection, {
    onSpeechStart(offset) {
      signal('ACTIVITY_START', offset);
      if (setup.interruptible) turns.interrupt();
    },
    onUtterance(utterance, offset) {
      signal('ACTIVITY_END', offset);
      const text = activityText ?? '';
      activityText = undefined;
      // An activity may hold text and no sound.
      ask(text, utterance.seconds === 0 && text !== '' ? undefined : utterance);
    },
  });

  function signal(type: 'ACTIVITY_START' | 'ACTIVITY_END', offset: number): void {
    if (setup.signalsVoiceActivity) send({ voiceActivity: { type, audioOffset: `${Number(offset.toFixed(3))}s` } });
  }

  function ask(text: string, utterance?: Utterance): void {
    fitWindow(history, setup.instruction, setup.compression);
    const seen = images;
    images = [];
    turns.ask({ text, utterance, images: seen });
  }

  function takeClientContent(contents: readonly ReceivedContent[], turnComplete: boolean): void {
    if (turns.hasSpoken && takesClientContentOnlyAtFirst(setup.model))
      throw invalid('Request contains an invalid argument.');
    // "A message here will interrupt any current model generation", whatever activityHandling says.
    turns.interrupt();
    for (const { audio, ...turn } of contents) {
      history.add(audio.length === 0 ? turn : { ...turn, speechSeconds: secondsOf(audio) });
    }
    if (!turnComplete) return;
    if (seeding) {
      seeding = false;
      return;
    }
    const asked = history.takeUnanswered();
    const spoken = contents.at(-1)?.role === 'user' ? contents.at(-1)?.audio : undefined;
    images = [...images, ...(asked?.images ?? [])];
    ask(asked?.text ?? '', spoken && spoken.length > 0 ? listenTo(spoken) : undefined);
  }

  function takeRealtimeInput(input: RealtimeInput): void {
    seeding = false;
    if ((input.activityStart || input.activityEnd) && !manual) {
      throw invalid('Explicit activity control is not supported when automatic activity detection is enabled.');
    }
    if (input.activityStart) {
      activityText = '';
      hearing.startActivity();
    }
    if (input.image) images = [...images.slice(1 - MAX_IMAGES), input.image];
    if (input.audio) hearing.hear(input.audio);
    if (input.text) takeText(input.text);
    if (input.activityEnd) hearing.endActivity();
    if (input.audioStreamEnd) hearing.endStream();
  }

  function takeText(text: string): void {
    if (activityText === undefined) ask(text);
    else activityText = `${activityText} ${text}`.trim().slice(0, MAX_ACTIVITY_TEXT);
  }

  return {
    take(message) {
      switch (message.type) {
        case 'clientContent':
          return takeClientContent(message.turns, message.turnComplete);
        case 'realtimeInput':
          return takeRealtimeInput(message);
        case 'toolResponse':
          return message.responses.forEach(turns.takeToolResponse);
        case 'contextUpdate':
          setup = {
            ...setup,
            instruction: message.instruction ?? setup.instruction,
            tools: message.tools ?? setup.tools,
          };
      }
    },
    close: () => turns.close(),
  };
}

function secondsOf(audio: readonly HeardPcm[]): number {
  return audio.reduce((sum, { rate, samples }) => sum + samples.length / rate, 0);
}

/** Speech that came as part of a message, whole: there is nothing to detect. */
function listenTo(audio: readonly HeardPcm[]): Utterance {
  let heard: Utterance = { samples: new Int16Array(0), seconds: 0 };
  const whole = { disabled: true, prefixPaddingMs: undefined, silenceDurationMs: undefined } as const;
  const hearing = createHearing(
    { ...whole, startSensitivity: 'high', endSensitivity: 'high' },
    {
      onSpeechStart() {},
      onUtterance(utterance) {
        heard = utterance;
      },
    },
  );
  hearing.startActivity();
  for (const pcm of audio) hearing.hear(pcm);
  hearing.endActivity();
  return heard;
}
